"""Reads `.npy` files written by another process, without trusting them.

A worker may die while writing, or write anything. Nothing here unpickles, maps, blocks, or allocates more memory than the
file's actual size.
"""

from __future__ import annotations

import warnings
from math import prod
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from infer_compare.files import UnreadableFile, open_regular
from infer_compare.limits import MOST_AXES

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

NUMBERS = "biufcV"
"""Kinds of dtypes that outputs can have; `bfloat16` and similar dtypes are stored as raw bytes, of kind V."""


class BrokenArray(ValueError):
    """The file does not hold a complete array of numbers; the message says why, as a clause."""


class MissingArray(BrokenArray):
    """The file does not exist."""


class ArrayHeader(NamedTuple):
    """The header of an array file, checked against the file's size."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool
    start: int
    """Offset of the data, in bytes."""

    @property
    def size(self) -> int:
        """Size of the data in bytes."""
        return prod(self.shape) * self.dtype.itemsize


def read_header(path: Path) -> ArrayHeader:
    """Return the header of an array file, without reading the data.

    Raises:
        MissingArray: there is no such file.
        BrokenArray: it is not a regular file, not a `.npy` file of numbers, or its size does not match the header.
    """
    with _open(path) as file:
        return _header(file)


def read_array(path: Path, expected: ArrayHeader) -> NDArray[Any]:
    """Return the array in a file.

    Args:
        path: the file.
        expected: the header read before.

    Raises:
        MissingArray: there is no such file.
        BrokenArray: see `read_header`; also if the header has changed.
    """
    import numpy as np

    with _open(path) as file:
        header = _header(file)
        if header != expected:
            raise BrokenArray("it was changed during the run")
        flat = np.empty(prod(header.shape), header.dtype)
        read = 0
        view = flat.view(np.uint8).data
        while read < header.size:
            part = file.readinto(view[read:])  # type: ignore[attr-defined]
            if not part:
                raise BrokenArray("it is incomplete")
            read += part
    return flat.reshape(header.shape, order="F" if header.fortran else "C")


def raw(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array as a file can hold it: `bfloat16` and similar dtypes as raw bytes."""
    return array.view(f"V{array.dtype.itemsize}") if array.dtype.isbuiltin == 2 else array


def numpy_dtype(name: str) -> np.dtype[Any]:
    """Return the numpy dtype of a name, as in `TensorSpec.dtype`; `bfloat16` and similar dtypes come from `ml_dtypes`.

    Raises:
        TypeError: there is no such dtype.
    """
    import numpy as np

    try:
        return np.dtype(name)
    except TypeError:
        import ml_dtypes

        if not hasattr(ml_dtypes, name):
            raise
        dtype: np.dtype[Any] = np.dtype(getattr(ml_dtypes, name))
        return dtype


def is_float(dtype: str) -> bool:
    """Return whether the dtype of an input is floating."""
    return dtype.startswith(("float", "bfloat"))


def typed(array: NDArray[Any], dtype: str) -> NDArray[Any]:
    """Return an array of raw bytes in its dtype, such as `bfloat16`, which a `.npy` file does not name.

    Args:
        array: the array as read.
        dtype: the dtype that the writer reported; ignored if it does not fit the bytes.
    """
    if array.dtype.kind != "V" or not dtype.isidentifier():
        return array
    import ml_dtypes
    import numpy as np

    kind = getattr(ml_dtypes, dtype, None)
    if not isinstance(kind, type) or np.dtype(kind).itemsize != array.dtype.itemsize:
        return array
    view = array.view(np.dtype(kind))
    # Integers of four bits or less take a byte each.
    return view if "float" in dtype else view.astype(np.int8)


def _open(path: Path) -> IO[bytes]:
    try:
        return open_regular(path, follow=False)
    except FileNotFoundError as error:
        raise MissingArray("it is missing") from error
    except UnreadableFile as error:
        raise BrokenArray(str(error.strerror)) from error
    except OSError as error:
        raise BrokenArray(f"it cannot be read ({error.strerror})") from error


def _header(file: IO[bytes]) -> ArrayHeader:
    from numpy.lib import format as npy

    size = file.seek(0, 2)
    file.seek(0)
    if not size:
        raise BrokenArray("it is empty")
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    try:
        with warnings.catch_warnings():
            # The header is a Python literal, whose parser may warn.
            warnings.simplefilter("ignore")
            version = npy.read_magic(file)
            shape, fortran, dtype = readers[version](file)
    except (Exception, MemoryError) as error:
        raise BrokenArray("it is incomplete or not a .npy file") from error
    if dtype.hasobject or dtype.fields is not None or dtype.subdtype is not None or dtype.kind not in NUMBERS:
        raise BrokenArray(f"it holds {dtype}, not numbers"[:200])
    if len(shape) > MOST_AXES or any(isinstance(size, bool) or size < 0 for size in shape):
        raise BrokenArray("its shape is not valid")
    header = ArrayHeader(dtype, shape, fortran, file.tell())
    if size < header.start + header.size:
        raise BrokenArray("it is incomplete")
    if size > header.start + header.size or not dtype.itemsize:
        raise BrokenArray("it holds more data than its header says")
    return header
