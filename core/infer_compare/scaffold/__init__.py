"""Writes the projects of `infer-compare plugin new`: installable plugins that mark what to fill in."""

from __future__ import annotations

import keyword
import os
import shutil
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from infer_compare.errors import UsageError
from infer_compare.interfaces import API_VERSION
from infer_compare.scaffold.kinds import KINDS
from infer_compare.version import __version__

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["KINDS", "write_project"]


def write_project(name: str, folder: Path | None = None, *, kind: str = "backend", taken: Collection[str] = ()) -> Path:
    """Write the project of a plugin.

    Args:
        name: the name that users will type.
        folder: the folder of the project; `infer-compare-NAME` in the working folder when None.
        kind: one of `KINDS`.
        taken: names that are already in use for this kind.

    Returns:
        The folder.

    Raises:
        UsageError: the name is not a lower-case identifier, or is taken; or the folder exists or cannot be created.
    """
    project = KINDS[kind]
    _refuse(name, project.noun, taken)
    folder = Path(f"infer-compare-{name.replace('_', '-')}") if folder is None else folder
    if os.path.lexists(folder):
        raise UsageError(f"{folder} is there already; name another folder with -o.")
    words = {
        "name": name,
        "package": f"infer_compare_{name}",
        "distribution": f"infer-compare-{name.replace('_', '-')}",
        "title": "".join(part.capitalize() for part in name.split("_")),
        "constant": name.upper(),
        "version": __version__,
        "api_version": API_VERSION,
    }
    words |= {what: Template(getattr(project, what)).substitute(words) for what in ("description", "usage")}
    try:
        for place, template in project.templates.items():
            path = folder / place.format(**words)
            path.parent.mkdir(parents=True, exist_ok=True)
            text = files(__name__).joinpath("templates", f"{template}.txt").read_text(encoding="utf-8")
            path.write_text(Template(text).substitute(words), encoding="utf-8")
    except OSError as error:
        # The folder is new: remove it, since a partial project would block the next attempt.
        shutil.rmtree(folder, ignore_errors=True)
        raise UsageError(f"{folder} cannot be written ({error.strerror}); name another folder with -o.") from error
    return folder


def _refuse(name: str, noun: str, taken: Collection[str]) -> None:
    if not (name.isascii() and name.isidentifier()) or name != name.lower() or name.startswith("_"):
        raise UsageError(f"{name!r} cannot be the name of a {noun}; take lower-case letters, digits and underscores.")
    if keyword.iskeyword(name):
        raise UsageError(f"{name!r} is a word of Python's; take another name for the {noun}.")
    if name in taken:
        raise UsageError(f"There is a {noun} {name!r} already; take another name.")
