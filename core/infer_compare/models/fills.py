"""The fills of inputs: `normal(0,1)`, `uniform(0,1)`, `randint(0,1000)`, `zeros`, `ones`, `16000` or `@file.npz`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from infer_compare.errors import InputError
from infer_compare.files import open_regular
from infer_compare.limits import LARGEST_INTEGER
from infer_compare.models.array_files import UNREADABLE, array_of, mapped, names_in
from infer_compare.models.arrays import is_float, numpy_dtype
from infer_compare.models.room import ensure_room
from infer_compare.paths import is_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.lib.npyio import NpzFile
    from numpy.typing import NDArray

    Array = NDArray[Any]

METADATA_KEY = "infer_compare.input."
"""Prefix of the keys in a model's metadata that state the fill of an input."""
DTYPES = {
    "f16": "float16",
    "bf16": "bfloat16",
    "f32": "float32",
    "f64": "float64",
    "i8": "int8",
    "i16": "int16",
    "i32": "int32",
    "i64": "int64",
    "u8": "uint8",
    "u16": "uint16",
    "u32": "uint32",
    "u64": "uint64",
    "bool": "bool",
}
"""Short names of the supported dtypes of inputs."""
READ_IN_PARTS = "save its arrays as .npy files, which are read in parts"
"""Advice for an archive that is too large to be read."""
SHORT = {name: short for short, name in DTYPES.items()}


def _overflow(fill: object, dtype: str, largest: float) -> str | None:
    """Return why values up to `largest` do not fit a floating dtype; None if they do."""
    import ml_dtypes

    most = float(ml_dtypes.finfo(numpy_dtype(dtype)).max)  # type: ignore[no-untyped-call]
    return None if largest <= most else f"{fill} reaches beyond {most:g}, the largest number of {dtype}"


@dataclass(frozen=True, slots=True)
class Normal:
    """A normal distribution, for floating dtypes."""

    mean: float
    deviation: float

    def __str__(self) -> str:
        return f"normal({self.mean:g},{self.deviation:g})"

    def problem(self, dtype: str) -> str | None:
        """Return why it does not fit a dtype, as the end of a sentence."""
        if self.deviation <= 0:
            return f"{self} would be a constant; the second number is a standard deviation above zero"
        if not is_float(dtype):
            return f"{self} makes fractions, but the input is {dtype}"
        # Values beyond eight standard deviations are never drawn.
        return _overflow(self, dtype, abs(self.mean) + 8 * self.deviation)

    def draw(self, rng: np.random.Generator, shape: Sequence[int], dtype: str) -> Array:
        """Return an array of that shape and dtype."""
        import numpy as np

        wide = np.float64 if dtype == "float64" else np.float32
        draws: Array = rng.standard_normal(tuple(shape), wide)
        return np.asarray(draws * wide(self.deviation) + wide(self.mean)).astype(numpy_dtype(dtype), copy=False)


@dataclass(frozen=True, slots=True)
class Uniform:
    """A uniform distribution over [low, high), for floating dtypes."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"uniform({self.low:g},{self.high:g})"

    def problem(self, dtype: str) -> str | None:
        """Return why it does not fit a dtype, as the end of a sentence."""
        if self.low >= self.high:
            return f"{self} is empty; the first number is the smaller one"
        if not is_float(dtype):
            return f"{self} makes fractions, but the input is {dtype}"
        return _overflow(self, dtype, max(abs(self.low), abs(self.high), self.high - self.low))

    def draw(self, rng: np.random.Generator, shape: Sequence[int], dtype: str) -> Array:
        """Return an array of that shape and dtype."""
        import numpy as np

        wide = np.float64 if dtype == "float64" else np.float32
        draws: Array = rng.random(tuple(shape), wide)
        return np.asarray(draws * wide(self.high - self.low) + wide(self.low)).astype(numpy_dtype(dtype), copy=False)


@dataclass(frozen=True, slots=True)
class RandInt:
    """Uniform integers from [low, high), for every dtype that can hold them."""

    low: int
    high: int

    def __str__(self) -> str:
        return f"randint({self.low},{self.high})"

    def problem(self, dtype: str) -> str | None:
        """Return why it does not fit a dtype, as the end of a sentence."""
        import numpy as np

        if self.low >= self.high:
            return f"{self} is empty; the second number is one more than the largest value"
        if self.low < 0 and self.high - 1 > LARGEST_INTEGER:
            return f"{self} is wider than 64 bits"
        if is_float(dtype):
            return _overflow(self, dtype, max(abs(self.low), abs(self.high)))
        least, most = (0, 1) if dtype == "bool" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        if self.low < least or self.high - 1 > most:
            return f"{self} does not fit {dtype}, which goes from {least} to {most}"
        return None

    def draw(self, rng: np.random.Generator, shape: Sequence[int], dtype: str) -> Array:
        """Return an array of that shape and dtype."""
        import numpy as np

        wide = np.uint64 if self.high > np.iinfo(np.int64).max else np.int64
        draws: Array = np.asarray(rng.integers(self.low, self.high, tuple(shape), dtype=wide))
        return draws.astype(numpy_dtype(dtype), copy=False)


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant: ones as in a mask that hides nothing, 16000 as in a sampling rate."""

    number: float

    def __str__(self) -> str:
        return CONSTANT_NAMES.get(self.number, f"{self.number!r}")

    def problem(self, dtype: str) -> str | None:
        """Return why it does not fit a dtype, as the end of a sentence."""
        if is_float(dtype):
            return _overflow(self, dtype, abs(self.number))
        if self.number != int(self.number):
            return f"{self} is a fraction, but the input is {dtype}"
        return RandInt(int(self.number), int(self.number) + 1).problem(dtype) and f"{self} does not fit {dtype}"

    def draw(self, rng: np.random.Generator, shape: Sequence[int], dtype: str) -> Array:  # noqa: ARG002 - nothing is drawn
        """Return an array of that shape and dtype."""
        import numpy as np

        return np.full(tuple(shape), self.number, numpy_dtype(dtype))


@dataclass(frozen=True, slots=True)
class FromFile:
    """Rows of an array in a `.npz` or `.npy` file, repeated from the first if there are too few."""

    path: Path

    def __str__(self) -> str:
        return f"@{self.path}"

    def read(self, name: str) -> Array:
        """Return the array of that name in the file, or its only array.

        Raises:
            InputError: the file is missing or unreadable, or holds no such array.
        """
        import numpy as np

        if not is_file(self.path):
            raise InputError(f"There is no file {self.path} for the input {name!r}; check the path.")
        try:
            if self.path.suffix == ".npy":
                return mapped(self.path)
            with open_regular(self.path) as file:
                ensure_room(self._size(file, name), f"The file {self.path}", READ_IN_PARTS, InputError)
                file.seek(0)
                loaded = np.load(file, allow_pickle=False)
                if isinstance(loaded, np.ndarray):
                    return array_of(loaded)
                return self._member(loaded, name)
        except UNREADABLE as error:
            raise InputError(f"{self.path} cannot be read as a .npz or .npy file ({why_unreadable(error)}).") from error

    def _size(self, file: IO[bytes], name: str) -> int:
        """Return the size in bytes of the array that `read` would return."""
        import zipfile

        if not zipfile.is_zipfile(file):
            return file.seek(0, 2)
        with zipfile.ZipFile(file) as archive:
            sizes = {member.filename: member.file_size for member in archive.infolist()}
        return sizes.get(f"{name}.npy", max(sizes.values(), default=0))

    def _member(self, archive: NpzFile, name: str) -> Array:
        names = names_in(archive)
        if name in names or len(names) == 1:
            return array_of(archive[name if name in names else names[0]])
        held = ", ".join(names) or "none"
        raise InputError(f"{self.path} holds the arrays {held}; one must be called {name!r}, like the input.")


Generated = Normal | Uniform | RandInt | Constant
CONSTANTS = {"zeros": Constant(0), "ones": Constant(1)}
CONSTANT_NAMES: dict[float, str] = {0: "zeros", 1: "ones"}
Fill = Generated | FromFile


def why_unreadable(error: Exception) -> str:
    """Return numpy's reason for not reading a file, without its advice to load pickles, which can execute code."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    objects = any(words in text for words in ("pickle", "Python objects"))
    return "it holds no arrays of numbers" if objects else text or type(error).__name__
