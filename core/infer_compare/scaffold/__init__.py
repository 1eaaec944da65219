"""The project that `infer-compare plugin new` writes: a backend that can be installed, and says what to fill in."""

from __future__ import annotations

import keyword
import os
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from infer_compare.errors import UsageError
from infer_compare.interfaces import API_VERSION
from infer_compare.version import __version__

if TYPE_CHECKING:
    from collections.abc import Collection

TEMPLATES = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "readme.md",
    "src/{package}/__init__.py": "plugin.py",
    "src/{package}/session.py": "session.py",
    "src/{package}/py.typed": "py.typed",
    "tests/test_{name}.py": "tests.py",
}
"""Files of a project, and the templates that they are made of."""

FILLING = (
    ("src/infer_compare_{name}/__init__.py", "which modules the framework has, and what it can load and run on"),
    ("src/infer_compare_{name}/session.py", "how a model is loaded, put on a device and run"),
    ("tests/test_{name}.py", "errors that the framework raises when memory does not suffice"),
)
"""Where something is left to do, and what."""


def write_project(name: str, folder: Path | None = None, *, taken: Collection[str] = ()) -> Path:
    """Writes the project of a backend.

    Args:
        name: of the backend, as people will type it.
        folder: of the project; `infer-compare-NAME` here when it is None.
        taken: names that a backend cannot have, since another one has them.

    Returns:
        The folder.

    Raises:
        UsageError: the name is no lower-case identifier, or taken; or the folder is there, or cannot be made.
    """
    _refuse(name, taken)
    folder = Path(f"infer-compare-{name.replace('_', '-')}") if folder is None else folder
    if os.path.lexists(folder):
        raise UsageError(f"{folder} is there already; name another folder with -o.")
    words = {
        "name": name,
        "package": f"infer_compare_{name}",
        "distribution": f"infer-compare-{name.replace('_', '-')}",
        "title": "".join(part.capitalize() for part in name.split("_")),
        "version": __version__,
        "api_version": API_VERSION,
    }
    try:
        for place, template in TEMPLATES.items():
            path = folder / place.format(**words)
            path.parent.mkdir(parents=True, exist_ok=True)
            text = files(__name__).joinpath("templates", f"{template}.txt").read_text(encoding="utf-8")
            path.write_text(Template(text).substitute(words), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder} cannot be written ({error.strerror}); name another folder with -o.") from error
    return folder


def _refuse(name: str, taken: Collection[str]) -> None:
    if not (name.isascii() and name.isidentifier()) or name != name.lower() or name.startswith("_"):
        raise UsageError(f"{name!r} cannot be the name of a backend; take lower-case letters, digits and underscores.")
    if keyword.iskeyword(name):
        raise UsageError(f"{name!r} is a word of Python's; take another name for the backend.")
    if name in taken:
        raise UsageError(f"There is a backend {name!r} already; take another name.")
