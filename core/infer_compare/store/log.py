"""The run file: a log of records, each on disk before the next begins.

A write is checked to the last byte and followed by fsync; a short write is truncated away, so that what was
acknowledged is whole and what is not whole was not acknowledged. A tail that a crash tore is cut on reading, and a line
that is damaged is left out and named.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from infer_compare.errors import StorageFull, StorageLost, StoreError
from infer_compare.files import open_regular
from infer_compare.results import RUN_SCHEMA, RUN_VERSION, AnyRecord, Run
from infer_compare.store.lines import DamagedLine, encode
from infer_compare.store.salvage import Salvage, salvage

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

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


class RunLog:
    """Appends records to a run file; the only writer it has."""

    def __init__(self, path: Path, *, create: bool) -> None:
        """Opens the file.

        Args:
            path: of the file.
            create: make a new file, which must not be there; else go on with one, its torn tail cut.

        Raises:
            StoreError: the file cannot be opened, or there is one already.
        """
        self.path = path
        flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | (os.O_CREAT | os.O_EXCL if create else 0)
        try:
            self._descriptor = os.open(path, flags, 0o644)
        except FileExistsError as error:
            raise StoreError(f"{path} already holds a run; choose another folder.") from error
        except OSError as error:
            raise StoreError(f"The run file {path} cannot be opened for writing: {error.strerror}.") from error
        self._lock()
        self.lines = 0
        """Lines that the file has."""
        if not create:
            kept = whole(_read(path))
            self.lines = kept.count(b"\n")
            os.ftruncate(self._descriptor, len(kept))
        self._size = os.fstat(self._descriptor).st_size

    def _lock(self) -> None:
        """Makes this the only writer, until the file is closed or the process ends, however that happens.

        Raises:
            StoreError: another process writes to the file.
        """
        import fcntl

        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.close()
            raise StoreError(
                f"The run in {self.path.parent} is still running: another process writes to it; wait for its end, or stop it."
            ) from error
        except OSError:
            # Some network file systems have no locks.
            return

    def append(self, record: AnyRecord) -> None:
        """Write a record and wait until it is on disk.

        Raises:
            StorageFull: there was no room; what had been written of the record was taken back.
            StorageLost: the file is gone or cannot be written.
        """
        data = memoryview(encode(record, self.lines + 1))
        written = 0
        try:
            # An interrupt can come between the write and its being noted.
            if os.fstat(self._descriptor).st_size > self._size:
                os.ftruncate(self._descriptor, self._size)
            while written < len(data):
                written += os.write(self._descriptor, data[written:])
            os.fsync(self._descriptor)
        except BaseException as error:
            # An interrupt too: nothing of a record stays that is not whole.
            self._take_back()
            if not isinstance(error, OSError):
                raise
            if error.errno in _NO_ROOM:
                raise StorageFull(
                    f"No room is left for {self.path}; all earlier records are complete. Free some space, then continue "
                    f"with: infer-compare run --resume {self.path.parent}"
                ) from error
            raise StorageLost(f"The run file {self.path} cannot be written: {error.strerror}.") from error
        if not os.fstat(self._descriptor).st_nlink:
            raise StorageLost(f"The run file {self.path} was removed during the run.")
        self._size += written
        self.lines += 1

    def _take_back(self) -> None:
        import contextlib

        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, self._size)
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


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


def _no_room() -> frozenset[int]:
    import errno

    return frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


_NO_ROOM = _no_room()


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


def whole(data: bytes) -> bytes:
    """Return everything up to the last newline: what follows was torn off, or is still being written."""
    return data[: data.rfind(b"\n") + 1]
