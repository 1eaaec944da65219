"""Reads data sets: arrays on disk with one row per sample, used in place of generated inputs."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from infer_compare.environment.disk import room
from infer_compare.environment.memory import size_text
from infer_compare.errors import InputError
from infer_compare.files import open_regular
from infer_compare.models.array_files import UNREADABLE, array_of, mapped, names_in
from infer_compare.models.arrays import numpy_dtype
from infer_compare.models.data_remedies import data_remedy
from infer_compare.models.fills import READ_IN_PARTS, why_unreadable
from infer_compare.models.room import ensure_room
from infer_compare.paths import exists, is_folder
from infer_compare.stats.wording import listing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from infer_compare.interfaces import TensorSpec

    Array = NDArray[Any]

CHUNK_BYTES = 1 << 24
LOOKED_AT = 1000
"""The most entries of a folder that are examined to see what it contains."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set as files that workers map."""

    source: str
    """The data set as typed."""
    rows: int
    paths: tuple[Path, ...]
    """One `.npy` file per input of the model, in order."""
    sha256: str
    warnings: tuple[str, ...]
    """Warnings about casts and unused arrays."""


def is_callable(text: str) -> bool:
    """Return whether a text names a function that returns the data, `module:function` or `file.py:function`."""
    _, colon, name = text.rpartition(":")
    return bool(colon) and name.isidentifier() and not exists(text)


def read_dataset(text: str, place: Path, specs: Sequence[TensorSpec], folder: Path) -> Dataset:
    """Read a data set and prepare it for a model's inputs.

    An array belongs to the input of its name. For a model with one input, a single array may have any name; if there are
    several, those of other names (such as labels) are ignored.

    Args:
        text: the data set as typed, for messages.
        place: a `.npz` or `.npy` file, or a folder of `.npy` files: one per input, or for a model of one input one per
            sample, in the order of their names.
        specs: the model's inputs.
        folder: where to write arrays that must be cast or that are in an archive.

    Raises:
        InputError: the data set is missing, unreadable or empty, lacks an input, or an array does not fit its input.
    """
    arrays = _arrays(text, place, specs)
    chosen, left_out = _match(text, arrays, specs)
    warnings = [f"{text}: left out {listing(left_out)}"] if left_out else []
    rows = {len(array) for array in chosen}
    if len(rows) != 1:
        raise InputError(
            f"The arrays of {text} have {listing([str(count) for count in sorted(rows)])} rows; all inputs need the same number of rows."
        )
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    digest = hashlib.sha256()
    for index, (array, spec) in enumerate(zip(chosen, specs, strict=True)):
        if warning := _check(text, array, spec):
            warnings.append(warning)
        need = array.size * numpy_dtype(spec.dtype).itemsize
        if need > (free := room(folder)):
            raise InputError(
                f"The rows of {text} for the input {spec.name!r} take {size_text(need)} on the disk, and {size_text(free)} "
                f"can be written to {folder}; name a run folder on another disk with -o."
            )
        path = folder / f"data{index}.npy"
        _save(array, spec.dtype, path, digest)
        paths.append(path)
    return Dataset(text, rows.pop(), tuple(paths), digest.hexdigest(), tuple(warnings))


def _endings(place: Path) -> frozenset[str]:
    """Return the suffixes of a file, or of the files in a folder and its subfolders, such as one per class of images."""
    if not is_folder(place):
        return frozenset({place.suffix.lower()})
    suffixes = set()
    for path in islice(chain(place.glob("*"), place.glob("*/*")), LOOKED_AT):
        with contextlib.suppress(OSError):
            if path.is_file():
                suffixes.add(path.suffix.lower())
    return frozenset(suffixes)


def _arrays(text: str, place: Path, specs: Sequence[TensorSpec]) -> Mapping[str, Array]:
    import zipfile

    import numpy as np

    if not exists(place):
        raise InputError(
            f"There is no data set {text}; name a .npz file, a folder of .npy files, module:function, or a data set of a plugin."
        )
    files = sorted(place.glob("*.npy")) if is_folder(place) else [place]
    if not (files and is_folder(place)) and (known := data_remedy(text, _endings(place), specs[0])) is not None:
        raise InputError(known)
    if not files:
        raise InputError(f"The folder {text} holds no .npy files.")
    try:
        if place.suffix == ".npz":
            # Open the file here, since numpy leaves it open if it is not an archive.
            with open_regular(place) as file:
                if zipfile.is_zipfile(file):
                    with zipfile.ZipFile(file) as packed:
                        need = sum(member.file_size for member in packed.infolist())
                    ensure_room(need, f"The archive {text}", f"{READ_IN_PARTS}, in a folder", InputError)
                file.seek(0)
                archive = np.load(file, allow_pickle=False)
                if isinstance(archive, np.ndarray):
                    raise ValueError("it is a single array, whose file ends in .npy")  # noqa: TRY004 - of a file's content
                return {name: array_of(archive[name]) for name in names_in(archive)}
        # Array names made by a function may contain characters that file names cannot.
        named = unquote if place != Path(text) else str
        arrays = {named(file.stem): mapped(file) for file in files}
    except UNREADABLE as error:
        raise InputError(f"{text} cannot be read ({why_unreadable(error)}).") from error
    ranks = {array.ndim for array in arrays.values()}
    if is_folder(place) and len(specs) == 1 and specs[0].name not in arrays and ranks == {len(specs[0].shape) - 1}:
        if len({array.shape for array in arrays.values()}) != 1:
            raise InputError(f"The samples in {text} have different shapes; give them one shape.")
        need = sum(array.nbytes for array in arrays.values())
        ensure_room(need, f"The folder {text}", "put its samples into one .npy file", InputError)
        return {specs[0].name: np.stack(list(arrays.values()))}
    return arrays


def _match(text: str, arrays: Mapping[str, Array], specs: Sequence[TensorSpec]) -> tuple[list[Array], list[str]]:
    """Return the array of each input, and the names of unused arrays."""
    if not arrays:
        raise InputError(f"{text} holds no arrays.")
    names = {spec.name: spec.name for spec in specs}
    if len(specs) == 1 and specs[0].name not in arrays:
        fitting = [name for name, array in arrays.items() if array.ndim == len(specs[0].shape)]
        if len(fitting) == 1:
            names = {specs[0].name: fitting[0]}
    chosen = []
    for spec in specs:
        name = names[spec.name]
        if name not in arrays:
            close = difflib.get_close_matches(name, list(arrays), 1)
            hint = f" did you mean {close[0]!r}?" if close else ""
            raise InputError(
                f"{text} holds {listing(list(arrays))}, but no array for the input {name!r};{hint} give the array the name of the input."
            )
        chosen.append(arrays[name])
    return chosen, [name for name in arrays if name not in names.values()]


def _check(text: str, array: Array, spec: TensorSpec) -> str:
    """Return a sentence if the array must be cast to the dtype of its input, else an empty text.

    Raises:
        InputError: the array does not fit the input.
    """
    import numpy as np

    wanted = numpy_dtype(spec.dtype)
    if array.ndim == 0 or len(array) == 0:
        raise InputError(f"{text} holds no rows for the input {spec.name!r}.")
    if array.ndim != len(spec.shape) or any(
        isinstance(size, int) and size != own for size, own in zip(spec.shape[1:], array.shape[1:], strict=True)
    ):
        takes, has = (",".join(map(str, shape)) for shape in (("batch", *spec.shape[1:]), ("batch", *array.shape[1:])))
        raise InputError(f"The model takes the input {spec.name!r} as [{takes}], and {text} holds rows of [{has}].")
    if array.dtype == wanted:
        return ""
    cast = f"{text}: {spec.name!r} is cast from {array.dtype} to {wanted}"
    if wanted.kind == "f" and array.dtype.kind in "fiub":
        return cast
    if wanted.kind in "iu" and array.dtype.kind in "iub":
        low, high = int(array.min()), int(array.max())
        limits = np.iinfo(wanted)
        if low < limits.min or high > limits.max:
            raise InputError(f"{text} holds {low} to {high} for the input {spec.name!r}, which {wanted} cannot hold.")
        return cast
    raise InputError(
        f"The model takes the input {spec.name!r} as {wanted}, and {text} holds {array.dtype}; convert it first."
    )


def _save(array: Array, dtype: str, path: Path, digest: Any) -> None:  # noqa: ANN401 - hashlib names no public type
    """Write the array in its input's dtype, part by part."""
    import numpy as np

    header = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False, "shape": array.shape}
    step = max(1, CHUNK_BYTES // max(1, array[0].nbytes))
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, len(array), step):
            part = np.ascontiguousarray(array[start : start + step], dtype)
            digest.update(part.data)
            file.write(part.data)
