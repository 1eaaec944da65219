"""What inputs are filled with: `normal(0,1)`, `uniform(0,1)`, `randint(0,1000)`, `ones` or `@file.npz`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infer_compare.errors import InputError
from infer_compare.models.room import ensure_room

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[Any]

METADATA_KEY = "infer_compare.input."
"""A model's metadata under this key and the name of an input say how it is filled."""

DTYPES = {
    "f16": "float16",
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
"""Short names of the dtypes that inputs can be made of."""

READ_IN_PARTS = "save its arrays as .npy files, which are read a part at a time"
"""What to do about an archive that is too large to be read."""

SHORT = {name: short for short, name in DTYPES.items()}
_CALL = re.compile(r"(?P<name>[a-z]+)\((?P<arguments>[^()]*)\)")


@dataclass(frozen=True, slots=True)
class Normal:
    """Draws from a normal distribution; for floating dtypes."""

    mean: float
    deviation: float

    def __str__(self) -> str:
        return f"normal({self.mean:g},{self.deviation:g})"

    def problem(self, dtype: str) -> str | None:
        """Why it does not fit a dtype, as the end of a sentence."""
        if self.deviation <= 0:
            return f"{self} would be a constant; the second figure is a standard deviation above zero"
        return None if dtype.startswith("float") else f"{self} makes fractions, and the input is {dtype}"

    def draw(self, rng: np.random.Generator, shape: Sequence[int], dtype: str) -> Array:
        """An array of that shape and dtype."""
        import numpy as np

        wide = np.float64 if dtype == "float64" else np.float32
        draws: Array = rng.standard_normal(tuple(shape), wide)
        return (draws * wide(self.deviation) + wide(self.mean)).astype(dtype, copy=False)


@dataclass(frozen=True, slots=True)
class Uniform:
    """Draws from [low, high); for floating dtypes."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"uniform({self.low:g},{self.high:g})"

    def problem(self, dtype: str) -> str | None:
        """Why it does not fit a dtype, as the end of a sentence."""
        if self.low >= self.high:
            return f"{self} is empty; the first figure is the smaller one"
        return None if dtype.startswith("float") else f"{self} makes fractions, and the input is {dtype}"

    def draw(self, rng: np.random.Generator, shape: Sequence[int], dtype: str) -> Array:
        """An array of that shape and dtype."""
        import numpy as np

        wide = np.float64 if dtype == "float64" else np.float32
        draws: Array = rng.random(tuple(shape), wide)
        return (draws * wide(self.high - self.low) + wide(self.low)).astype(dtype, copy=False)


@dataclass(frozen=True, slots=True)
class RandInt:
    """Whole numbers from [low, high); for every dtype that holds them."""

    low: int
    high: int

    def __str__(self) -> str:
        return f"randint({self.low},{self.high})"

    def problem(self, dtype: str) -> str | None:
        """Why it does not fit a dtype, as the end of a sentence."""
        import numpy as np

        if self.low >= self.high:
            return f"{self} is empty; the second figure is one more than the largest value"
        if dtype.startswith("float"):
            return None
        least, most = (0, 1) if dtype == "bool" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        if self.low < least or self.high - 1 > most:
            return f"{self} does not fit {dtype}, which goes from {least} to {most}"
        return None

    def draw(self, rng: np.random.Generator, shape: Sequence[int], dtype: str) -> Array:
        """An array of that shape and dtype."""
        import numpy as np

        wide = np.uint64 if self.high > np.iinfo(np.int64).max else np.int64
        draws: Array = rng.integers(self.low, self.high, tuple(shape), dtype=wide)
        return draws.astype(dtype, copy=False)


@dataclass(frozen=True, slots=True)
class Ones:
    """Ones everywhere, as in a mask that hides nothing."""

    def __str__(self) -> str:
        return "ones"

    def problem(self, dtype: str) -> str | None:  # noqa: ARG002 - every dtype has a one
        """Fits every dtype."""
        return None

    def draw(self, rng: np.random.Generator, shape: Sequence[int], dtype: str) -> Array:  # noqa: ARG002 - as above
        """An array of that shape and dtype."""
        import numpy as np

        return np.ones(tuple(shape), dtype)


@dataclass(frozen=True, slots=True)
class FromFile:
    """Rows of an array in a `.npz` or `.npy` file, again from the first when they run out."""

    path: Path

    def __str__(self) -> str:
        return f"@{self.path}"

    def read(self, name: str) -> Array:
        """The array of that name in the file, or its only one.

        Raises:
            InputError: the file is missing or unreadable, or holds no such array.
        """
        import zipfile

        import numpy as np

        if not self.path.is_file():
            raise InputError(f"There is no file {self.path} to fill the input {name!r} from.")
        try:
            if self.path.suffix == ".npy":
                mapped: Array = np.load(self.path, mmap_mode="r", allow_pickle=False)
                return mapped
            ensure_room(self._size(name), f"The file {self.path}", READ_IN_PARTS, InputError)
            with self.path.open("rb") as file:
                loaded = np.load(file, allow_pickle=False)
                if isinstance(loaded, np.ndarray):
                    return loaded
                return self._member(loaded, name)
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise InputError(f"{self.path} cannot be read as a .npz or .npy file ({why_unreadable(error)}).") from error

    def _size(self, name: str) -> int:
        """Bytes of the array that `read` would hold."""
        import zipfile

        if not zipfile.is_zipfile(self.path):
            return self.path.stat().st_size
        with zipfile.ZipFile(self.path) as archive:
            sizes = {one.filename: one.file_size for one in archive.infolist()}
        return sizes.get(f"{name}.npy", max(sizes.values(), default=0))

    def _member(self, archive: Mapping[str, Array], name: str) -> Array:
        names = list(archive)
        if name in names or len(names) == 1:
            return archive[name if name in names else names[0]]
        held = ", ".join(names) or "none"
        raise InputError(f"{self.path} holds the arrays {held}; one must be called {name!r}, like the input.")


Generated = Normal | Uniform | RandInt | Ones
Fill = Generated | FromFile


def parse_fill(text: str) -> Fill:
    """The fill that a text names.

    Raises:
        InputError: no such fill, or figures that are none.
    """
    text = text.strip()
    if text.startswith("@") and len(text) > 1:
        return FromFile(Path(text[1:]))
    if text == "ones":
        return Ones()
    call = _CALL.fullmatch(text)
    makers = {"normal": _normal, "uniform": _uniform, "randint": _randint}
    if call is None or call["name"] not in makers:
        hint = "zeros would make a model look faster than it is; " if text == "zeros" else ""
        raise InputError(
            f"{text!r} does not say what an input is filled with; {hint}write normal(0,1), uniform(0,1), randint(0,10), "
            "ones or @file.npz."
        )
    arguments = [one.strip() for one in call["arguments"].split(",")]
    if len(arguments) != 2:
        raise InputError(f"{text!r} needs two figures, as in {call['name']}(0,1).")
    try:
        return makers[call["name"]](*arguments)
    except ValueError as error:
        kind = "whole numbers" if call["name"] == "randint" else "finite numbers"
        raise InputError(f"{text!r} needs two {kind}, as in {call['name']}(0,10).") from error


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _normal(mean: str, deviation: str) -> Fill:
    return Normal(_finite(mean), _finite(deviation))


def _uniform(low: str, high: str) -> Fill:
    return Uniform(_finite(low), _finite(high))


def _randint(low: str, high: str) -> Fill:
    return RandInt(int(low), int(high))


def why_unreadable(error: Exception) -> str:
    """What numpy says of a file that it does not read; its advice to load pickles, which run code, is not passed on."""
    objects = any(words in str(error) for words in ("pickle", "Python objects"))
    return "it holds no arrays of numbers" if objects else str(error)
