"""Tests on paths that a user typed, which never raise.

`Path.exists` and similar methods raise if a name is too long, contains a NUL character, is part of a loop of links or lies
in an unreadable folder. Here such a path does not exist; opening it then reports why.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def exists(path: Path | str) -> bool:
    """Return whether the path exists and can be accessed."""
    return os.path.exists(path)  # noqa: PTH110 - unlike that of Path, it does not raise


def is_file(path: Path | str) -> bool:
    """Return whether the path is a regular file: not a folder, pipe or device."""
    return os.path.isfile(path)  # noqa: PTH113 - as above


def is_folder(path: Path | str) -> bool:
    """Return whether the path is a folder."""
    return os.path.isdir(path)  # noqa: PTH112 - as above
