"""The run file: a log of records, each a line of a `LineFile`.

On reading, an unfinished last line is cut off, and damaged lines are left out and reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.errors import StoreError
from infer_compare.files import open_regular
from infer_compare.results import RUN_SCHEMA, RUN_VERSION, AnyRecord, Run
from infer_compare.store.line_file import LineFile, Words, whole
from infer_compare.store.lines import DamagedLine, encode
from infer_compare.store.salvage import Salvage, salvage

if TYPE_CHECKING:
    from pathlib import Path

FILE = "run.jsonl"
LARGEST = 4 << 30
"""The largest run file that is read, in bytes; long runs on accelerators have a tenth of it."""
HEADER_LARGEST = 1 << 24
"""The longest first line, in bytes."""

_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class _Peek(msgspec.Struct):
    type: str = ""
    schema: str = ""
    version: tuple[int, int] = (0, 0)


class RunLog(LineFile):
    """Appends records to a run file, of which it holds the lock."""

    def __init__(self, path: Path, *, create: bool) -> None:
        """Opens the file.

        Args:
            path: of the file.
            create: whether to create the file, which must not exist; otherwise continue it, and cut off an unfinished last line.

        Raises:
            StoreError: the file cannot be opened, exists although it was to be created, or is locked by another process.
        """
        folder = path.parent
        words = Words(
            noun="The run file",
            lines="records",
            taken=f"{path} already holds a run; choose another folder.",
            busy=f"The run in {folder} is still running: another process writes to it; wait for its end, or stop it.",
            resume=("infer-compare", "run", "--resume", str(folder)),
        )
        super().__init__(path, words, lambda: _read(path), create=create)

    def append(self, record: AnyRecord) -> None:
        """Write a record and flush it to disk.

        Raises:
            StorageFull: there is no room; any part of the record was removed again.
            StorageLost: the file was removed or cannot be written.
        """
        self.write(encode(record, self.lines + 1))


def is_being_written(path: Path) -> bool:
    """Return whether a process holds the lock on a run file, and so may write to it."""
    import fcntl

    try:
        with path.open("rb") as file:
            # A shared lock, released at once, so concurrent checks do not disturb each other.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        # The file is gone, not readable, or on a file system without locks.
        return False
    return False


def read_records(path: Path) -> list[AnyRecord]:
    """Return the records of a run file in their order, without an unfinished last line and without damaged lines.

    Raises:
        StoreError: see `read_salvage`.
    """
    return list(read_salvage(path).records)


def read_salvage(path: Path) -> Salvage:
    """Return the records of a run file, without an unfinished last line, and its damage.

    Raises:
        StoreError: the file is missing, empty, too large, not a regular file, of another tool or of another schema, or its first
            line is damaged.
    """
    lines = whole(_read(path)).split(b"\n")[:-1]
    if not lines:
        raise StoreError(f"The run file {path} is empty: the run ended before its first record.")
    _check_header(path, lines[0])
    try:
        return salvage(lines)
    except DamagedLine as error:
        raise StoreError(
            f"The first line of {path} is damaged ({error}), and the run cannot be read without it."
        ) from error


def read_run(path: Path) -> Run:
    """Return the run in a file, which may be unfinished or damaged; `Run.damage` describes the damage.

    Raises:
        StoreError: see `read_salvage`.
    """
    records, damage = read_salvage(path)
    return msgspec.structs.replace(Run.fold(records), damage=damage)


def _read(path: Path) -> bytes:
    """Return the content of a run file.

    Raises:
        StoreError: the file is missing, or cannot be read.
    """
    try:
        with open_regular(path, limit=LARGEST) as file:
            data = file.read(HEADER_LARGEST)
            # A large file without a first line is not a run file, and is not read further.
            if len(data) < HEADER_LARGEST or b"\n" in data:
                return data + file.read()
    except FileNotFoundError as error:
        raise StoreError(f"There is no run at {path.parent}: it has no {FILE}.") from error
    except OSError as error:
        raise StoreError(f"The run file {path} cannot be read: {error.strerror}.") from error
    raise StoreError(f"{path} is not a run of infer-compare: its first line is not a header.")


def _check_header(path: Path, line: bytes) -> None:
    try:
        peek = msgspec.json.decode(line, type=_Peek)
    except _UNREADABLE as error:
        raise StoreError(f"{path} is not a run of infer-compare: its first line is not a header.") from error
    if peek.schema != RUN_SCHEMA:
        raise StoreError(f"{path} is not a run of infer-compare: its first line is not a header.")
    if peek.version[0] > RUN_VERSION[0]:
        raise StoreError(
            f"{path} was written by a newer infer-compare (run schema {peek.version[0]}.{peek.version[1]}, "
            f"this one reads {RUN_VERSION[0]}.x); upgrade with `pip install -U infer-compare`."
        )
    if peek.version[0] < RUN_VERSION[0]:
        raise StoreError(
            f"{path} was written by an older infer-compare (run schema {peek.version[0]}.{peek.version[1]}, "
            f"this one reads {RUN_VERSION[0]}.x); use the version that wrote it, or measure again."
        )
