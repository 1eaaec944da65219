"""Calls functions that return data, and writes the data to files."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from infer_compare.errors import InputError
from infer_compare.foreign import described

if TYPE_CHECKING:
    from pathlib import Path

    from infer_compare.interfaces import BuiltinDataset


def collect(location: str, folder: Path) -> None:
    """Call a function that makes the data and write what it returns as `.npy` files; called in a separate process.

    Args:
        location: `module:function` or `file.py:function`; it returns an array, or arrays by the inputs' names.
        folder: where to write the files.

    Raises:
        InputError: the function is missing, raised, or returned something else.
    """
    from infer_compare.errors import ModelError
    from infer_compare.models.callables import make_model

    try:
        made, _ = make_model(location)
    except ModelError as error:
        raise InputError(
            str(error).replace("returns the model", "returns the data").replace("return the model", "return the data")
        ) from error
    write(made, location, folder)


def collect_dataset(dataset: BuiltinDataset, seed: int, folder: Path) -> None:
    """Load a data set of a plugin and write it as `.npy` files; called in a separate process.

    Raises:
        InputError: loading raised, or did not return arrays.
    """
    what = f"The data set {dataset.name}"
    try:
        made = dataset.load(seed)
    except (Exception, SystemExit) as error:
        raise InputError(f"{what} raised {described(error)}.") from error
    write(made, what, folder)


def write(made: object, what: str, folder: Path) -> None:
    """Write arrays as `.npy` files.

    Args:
        made: an array, or arrays by the inputs' names.
        what: the origin of the arrays, as the subject of the error's sentence.
        folder: where to write the files.
    """
    import numpy as np

    arrays = dict(made) if isinstance(made, dict) else {"data": made}
    for name, value in arrays.items():
        try:
            array = np.asarray(value)
        except (ValueError, TypeError, RuntimeError) as error:  # rows of unlike lengths, a tensor with a gradient
            raise InputError(f"{what} must return an array for {name!r} ({error}).") from error
        if array.dtype.kind not in "fiub" or array.ndim == 0:
            raise InputError(f"{what} returned {type(value).__name__} for {name!r}; it must return arrays of numbers.")
        np.save(folder / f"{quote(str(name), safe='')}.npy", array, allow_pickle=False)
