"""Reads arrays from `.npy` files and `.npz` archives that a user named, and from nothing else.

numpy itself would read any zip archive, such as a `.pt` or `.xlsx` file, and return members that are not arrays as bytes.
"""

from __future__ import annotations

import struct
import tokenize
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from infer_compare.files import open_regular

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.lib.npyio import NpzFile
    from numpy.typing import NDArray

    Array = NDArray[Any]

UNREADABLE = (
    OSError,
    ValueError,
    TypeError,
    KeyError,
    EOFError,
    SyntaxError,
    MemoryError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    tokenize.TokenError,
)
"""Errors of numpy and zipfile for files that are damaged, encrypted, compressed in another way, or of a wrong size."""
MAGIC = b"\x93NUMPY"


def mapped(path: Path) -> Array:
    """Return the array of a `.npy` file, memory-mapped.

    Raises:
        OSError, ValueError: the file is not a `.npy` file; or another of `UNREADABLE`.
    """
    import numpy as np

    with open_regular(path) as file:
        start = file.read(len(MAGIC))
    if start != MAGIC:
        archive = start.startswith(b"PK")
        raise ValueError(
            "it is an archive, but not a .npz file"
            if archive
            else "it is no file of numpy's; write one row per sample with numpy.savez"
        )
    with np.errstate(over="ignore"):  # of a shape that lies: then it does not fit the file
        return array_of(np.load(path, mmap_mode="r", allow_pickle=False))


def names_in(archive: NpzFile) -> list[str]:
    """Return the names of the arrays in an opened `.npz` file."""
    return [name for name in archive.files if f"{name}.npy" in archive.zip.namelist()] if archive.zip else []


def array_of(content: object) -> Array:
    """Return the content of a file or member as read by numpy, if it is an array.

    Raises:
        ValueError: the content is not an array.
    """
    import numpy as np

    if not isinstance(content, np.ndarray):
        raise ValueError("it holds no arrays of numbers")  # noqa: TRY004 - of a file's content
    return content
