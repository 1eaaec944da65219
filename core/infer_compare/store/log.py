"""The run file: a log of records, each a line of a `LineFile`.

A tail that a crash tore is cut on reading, and a line that is damaged is left out and named.
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
"""Bytes of a run file that are read at most; long runs on accelerators have a tenth of it."""
HEADER_LARGEST = 1 << 24
"""Bytes in which the first line must end."""

_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class _Peek(msgspec.Struct):
    type: str = ""
    schema: str = ""
    version: tuple[int, int] = (0, 0)


class RunLog(LineFile):
    """Appends records to a run file; the only writer it has."""

    def __init__(self, path: Path, *, create: bool) -> None:
        """Opens the file.

        Args:
            path: of the file.
            create: make a new file, which must not be there; else go on with one, its torn tail cut.

        Raises:
            StoreError: the file cannot be opened, there is one already, or another process writes to it.
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
        """Write a record and wait until it is on disk.

        Raises:
            StorageFull: there was no room; what had been written of the record was taken back.
            StorageLost: the file is gone or cannot be written.
        """
        self.write(encode(record, self.lines + 1))


def is_being_written(path: Path) -> bool:
    """Return whether a process writes to a run file: such a one holds a lock on it."""
    import fcntl

    try:
        with path.open("rb") as file:
            # Shared and given back at once: two that look are not in each other's way.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        # Gone, not readable, or on a file system without locks.
        return False
    return False


def read_records(path: Path) -> list[AnyRecord]:
    """Return the records of a run file in their order, without a torn tail and without damaged lines.

    Raises:
        StoreError: see `read_salvage`.
    """
    return list(read_salvage(path).records)


def read_salvage(path: Path) -> Salvage:
    """Return the records of a run file, a torn tail left out, and its damage.

    Raises:
        StoreError: it is missing, empty, too large, not a file, of another tool or of another schema, or its first line
            is damaged.
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
    """Return the run in a file, as far as it came and as far as it is whole; `Run.damage` names what is not.

    Raises:
        StoreError: see `read_salvage`.
    """
    records, damage = read_salvage(path)
    return msgspec.structs.replace(Run.fold(records), damage=damage)


def _read(path: Path) -> bytes:
    """The content of a run file.

    Raises:
        StoreError: it is missing, or cannot be read.
    """
    try:
        with open_regular(path, limit=LARGEST) as file:
            data = file.read(HEADER_LARGEST)
            # A large file that does not begin with a line is not read to its end.
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
