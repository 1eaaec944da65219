"""Questions about a path that somebody typed; no name makes them fail.

`Path.exists` and its like raise where a name is too long, holds a NUL character, leads in a circle or lies in a folder
that cannot be looked into. A name that cannot be a file's is the name of no file, and what is then opened says why.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def exists(path: Path | str) -> bool:
    """Return whether something is there that can be looked at."""
    return os.path.exists(path)  # noqa: PTH110 - unlike that of Path, it does not raise


def is_file(path: Path | str) -> bool:
    """Return whether a regular file is there: no folder, pipe or device."""
    return os.path.isfile(path)  # noqa: PTH113 - as above


def is_folder(path: Path | str) -> bool:
    """Return whether a folder is there."""
    return os.path.isdir(path)  # noqa: PTH112 - as above
