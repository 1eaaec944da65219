"""Arrays in files that somebody named: `.npy` files and `.npz` archives, and nothing else that numpy opens.

numpy reads any zip archive, as a `.pt` or `.xlsx` file is one, and hands out what is no array as bytes.
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
"""What numpy and zipfile raise for a file that is damaged, encrypted, compressed in another way, or lies about its size."""
MAGIC = b"\x93NUMPY"


def mapped(path: Path) -> Array:
    """Return the array of a `.npy` file, mapped and not read.

    Raises:
        OSError, ValueError: it is not such a file; or another of `UNREADABLE`.
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
    """Return what numpy made of a member or a file, where it is an array.

    Raises:
        ValueError: it is something else.
    """
    import numpy as np

    if not isinstance(content, np.ndarray):
        raise ValueError("it holds no arrays of numbers")  # noqa: TRY004 - of a file's content
    return content
