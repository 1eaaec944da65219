"""What plugins and scripts may import: a declared surface, which built-in backends, examples and pages keep to."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from .public_surface import PUBLIC, SURFACE, names_of, surface  # type: ignore[import-not-found]

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "core" / "infer_compare" / "scaffold" / "templates"
_BLOCK = re.compile(r"^(```+)python\n(.*?)^\1\n", re.MULTILINE | re.DOTALL)


def _sources():
    """Every Python text that stands for what an author would write, and where it is."""
    for folder in ("backends", "examples"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path, path.read_text(encoding="utf-8")
    for path in sorted(TEMPLATES.glob("*.py.txt")):
        yield path, re.sub(r"\$\{?\w+\}?", "name", path.read_text(encoding="utf-8"))
    for path in [
        ROOT / "README.md",
        *sorted((ROOT / "docs").rglob("*.md")),
        *sorted((ROOT / "examples").rglob("*.md")),
    ]:
        for found in _BLOCK.finditer(path.read_text(encoding="utf-8")):
            yield path, found[2]


def _taken_from_the_inside(source):
    """What a text imports from infer_compare, or uses of it, that is not public."""
    if re.search(r"\binfer_compare\b", source) is None:
        return
    nodes = list(ast.walk(ast.parse(source)))
    aliases = {}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and not node.level and f"{node.module}.".startswith("infer_compare."):
            offered = names_of(node.module) if node.module in PUBLIC else ()
            yield from (f"{node.module}.{one.name}" for one in node.names if one.name not in offered)
        elif isinstance(node, ast.Import):
            for one in node.names:
                if f"{one.name}.".startswith("infer_compare."):
                    aliases[one.asname or one.name] = one.name
                    if one.name not in PUBLIC:
                        yield one.name
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in aliases:
            module = aliases[node.value.id]
            if module in PUBLIC and node.attr not in names_of(module):
                yield f"{module}.{node.attr}"


def test_backends_examples_and_pages_import_public_names_alone():
    """What the built-in backends need, another author needs as well."""
    inside = {
        f"{path.relative_to(ROOT)}: {name}" for path, source in _sources() for name in _taken_from_the_inside(source)
    }
    assert not inside, (
        "import from a public module; a name that is missing there is added to its __all__, "
        f"to the reference in docs/, and to {SURFACE.name}"
    )


def test_the_public_surface_changes_only_where_somebody_says_so():
    """Names and signatures, as the file under version control has them."""
    assert surface() == SURFACE.read_text(encoding="utf-8"), (
        "the public surface changed: see docs/reference/public-modules.md for what may change without a new "
        "API_VERSION, then run python tests/packaging/public_surface.py and note the change in CHANGELOG.md"
    )


@pytest.mark.parametrize("module", PUBLIC)
def test_a_public_module_is_on_the_page_of_public_modules(module):
    """One row each."""
    page = (ROOT / "docs" / "reference" / "public-modules.md").read_text(encoding="utf-8")
    assert re.findall(rf"^\| `{re.escape(module)}` \|", page, re.MULTILINE) == [f"| `{module}` |"]
