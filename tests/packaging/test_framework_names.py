"""Which modules of the core name a framework: facts about one belong to its backend."""

from __future__ import annotations

import ast
import re
import tokenize
from pathlib import Path

import pytest

CORE = Path(__file__).parents[2] / "core" / "infer_compare"
NAMES = re.compile(r"(?<![a-z])(py)?torch|onnx ?runtime|tensorflow|keras|openvino|tf2onnx|\bjax", re.IGNORECASE)
EXAMPLES = "shows people what to type, or what runs when they name nothing"
FILES = "tells people how to turn a file that no backend reads into one that is read"
ALLOWED = {
    "api/accepted.py": "tells type checkers which objects of frameworks are models",
    "api/live.py": EXAMPLES,
    "cli/selftest.py": EXAMPLES,
    "preparation/contenders.py": EXAMPLES,
    "preparation/wiring.py": EXAMPLES,
    "request/contenders.py": EXAMPLES,
    "request/participants.py": EXAMPLES,
    "testing/conformance/checks/identity.py": EXAMPLES,
    "models/remedies.py": FILES,
    "models/op_registry.py": FILES,
    "models/onnx_resize.py": "ONNX calls a rule of its own after one",
    "verdicts/penalties.py": "reads stored runs, of which no backend is asked anything",
}
"""Modules that name one, and why."""


def named(path: Path) -> list[str]:
    """Return the words of a module's code that name a framework; comments and docstrings explain and may."""
    with tokenize.open(path) as file:
        source = file.read()
    if not NAMES.search(source):
        return []
    docstrings = {
        node.value.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }
    with path.open("rb") as file:
        return [
            token.string
            for token in tokenize.tokenize(file.readline)
            if token.type != tokenize.COMMENT and token.start[0] not in docstrings and NAMES.search(token.string)
        ]


def test_no_other_module_of_the_core_names_a_framework() -> None:
    """A new framework is a plugin, and costs the core no line."""
    naming = {path.relative_to(CORE).as_posix(): words for path in CORE.rglob("*.py") if (words := named(path))}
    assert {name: words for name, words in naming.items() if name not in ALLOWED} == {}
    assert set(ALLOWED) == naming.keys(), "a module that no longer names one may no longer"


@pytest.mark.parametrize("line", ["NAMES = ('torch',)", "import tensorflow", "x = f'{TF} and onnxruntime-gpu'"])
def test_a_name_in_code_is_noticed_and_one_in_a_docstring_is_not(tmp_path: Path, line: str) -> None:
    """However it is written."""
    path = tmp_path / "module.py"
    path.write_text(f'"""Of torch."""\n\n{line}  # like torch\n', encoding="utf-8")
    assert len(named(path)) == 1
