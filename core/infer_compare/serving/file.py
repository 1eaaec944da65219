"""`serving.json` in a run's folder: the measured serving curves of its contenders."""

from __future__ import annotations

import os
import shlex
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import msgspec

from infer_compare.capacity.values import ServingCurve
from infer_compare.errors import StorageFull, StoreError
from infer_compare.files import is_full, open_regular

FILE = "serving.json"
SCHEMA = "infer-compare/serving"
VERSION = 1
LARGEST = 256 << 20
"""The largest file that is read, in bytes."""
HIGHEST = 1e9
"""The highest plausible rate, in 1/s, and duration, in seconds."""
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class ServingFile(msgspec.Struct, frozen=True, kw_only=True):
    """The content of the file."""

    schema: str
    version: Annotated[int, msgspec.Meta(ge=1)]
    curves: tuple[ServingCurve, ...] = ()


class _Peek(msgspec.Struct):
    schema: str = ""
    version: int = 0


def read_curves(folder: Path) -> tuple[ServingCurve, ...]:
    """Return the serving curves that are stored with a run; none if there is no file.

    Args:
        folder: of the run.

    Raises:
        StoreError: the file is damaged, cannot be read, or has a newer version.
    """
    path = folder / FILE
    try:
        with open_regular(path, limit=LARGEST) as file:
            data = file.read()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StoreError(f"The serving curves in {path} cannot be read: {error.strerror}.") from error
    try:
        peek = msgspec.json.decode(data, type=_Peek)
        if peek.schema == SCHEMA and peek.version > VERSION:
            raise StoreError(
                f"{path} was written by a newer infer-compare (version {peek.version}, this one reads {VERSION}); upgrade with "
                "`pip install -U infer-compare`."
            )
        content = msgspec.json.decode(data, type=ServingFile)
    except _UNREADABLE as error:
        raise _damaged(path, str(error)) from error
    if content.schema != SCHEMA:
        raise _damaged(path, "it is not a file of serving curves")
    for curve in content.curves:
        if (flaw := _flaw(curve)) is not None:
            raise _damaged(path, f"the curve of {curve.contender!r} has {flaw}")
    return content.curves


def write_curve(folder: Path, curve: ServingCurve) -> None:
    """Store a serving curve with a run; it replaces an earlier curve of the same contender and number of copies.

    Args:
        folder: of the run.
        curve: the measured curve.

    Raises:
        StoreError: the file cannot be written, or the present file is damaged.
    """
    others = [
        other for other in read_curves(folder) if (other.contender, other.copies) != (curve.contender, curve.copies)
    ]
    content = ServingFile(schema=SCHEMA, version=VERSION, curves=(*others, curve))
    path = folder / FILE
    try:
        # Written to a temporary file first, so that an interrupt leaves the earlier file.
        descriptor, name = tempfile.mkstemp(prefix=f".{FILE}-", dir=folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(content) + b"\n")
                file.flush()
                os.fchmod(descriptor, 0o644)
                os.fsync(descriptor)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        if is_full(error):
            raise StorageFull(f"The disk of {folder} is full; free some space, and measure again.") from error
        raise StoreError(f"The serving curves cannot be written to {path}: {error.strerror}.") from error


def _damaged(path: Path, why: str) -> StoreError:
    return StoreError(
        f"The serving curves in {path} are damaged ({why}); remove the file, and measure them again with: "
        f"infer-compare capacity {shlex.quote(str(path.parent))} --replay 30s"
    )


def _flaw(curve: ServingCurve) -> str | None:
    """Return what is wrong with a curve whose values are impossible; None for a valid curve."""
    batches = [size.point.batch for size in curve.sizes]
    if not batches or any(after <= before for before, after in pairwise(batches)):
        return "no ascending batch sizes"
    if len({size.point.axes for size in curve.sizes}) > 1:
        return "sizes of several settings"
    if curve.copies < 1:
        return f"{curve.copies} copies"
    if not 0 < curve.saturation <= HIGHEST:
        return f"a saturation of {curve.saturation:g}"
    if not all(0 < pace <= HIGHEST for pace in curve.paces):
        return "impossible paces"
    if not (0 <= curve.stalls_per_s <= HIGHEST and 0 <= curve.stall_s <= HIGHEST):
        return "impossible stalls"
    if not all(pause.isdecimal() and pause.isascii() for size in curve.sizes for pause in size.paused_ns):
        return "pauses that are not whole milliseconds"
    return None
