"""The run file: a log of records, each on disk before the next begins.

A write is checked to the last byte and followed by fsync; a short write is truncated away, so that what was
acknowledged is whole and what is not whole was not acknowledged. A tail that a crash tore is cut on reading.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from infer_compare.errors import StorageFull, StorageLost, StoreError
from infer_compare.results import RUN_SCHEMA, RUN_VERSION, AnyRecord, Header, Run

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

FILE = "run.jsonl"

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(AnyRecord)
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError)


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
            raise StoreError(f"{path} holds a run already; choose another folder.") from error
        except OSError as error:
            raise StoreError(f"The run file {path} cannot be opened for writing: {error.strerror}.") from error
        self._lock()
        if not create:
            os.ftruncate(self._descriptor, len(whole(path.read_bytes())))
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
            raise StoreError(f"The run in {self.path.parent} is going on: another process writes to it.") from error
        except OSError:
            # Some network file systems have no locks.
            return

    def append(self, record: AnyRecord) -> None:
        """Writes a record and waits until it is on disk.

        Raises:
            StorageFull: there was no room; what had been written of the record was taken back.
            StorageLost: the file is gone or cannot be written.
        """
        data = memoryview(_encoder.encode(record) + b"\n")
        written = 0
        try:
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
                    f"No room is left for {self.path}; every record before this one is whole "
                    "and can be reported. Free some space, then go on with --resume."
                ) from error
            raise StorageLost(f"The run file {self.path} cannot be written: {error.strerror}.") from error
        if not os.fstat(self._descriptor).st_nlink:
            raise StorageLost(f"The run file {self.path} was removed while the run was going on.")
        self._size += written

    def _take_back(self) -> None:
        import contextlib

        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, self._size)
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Closes the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _no_room() -> frozenset[int]:
    import errno

    return frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


_NO_ROOM = _no_room()


def read_records(path: Path) -> list[AnyRecord]:
    """The records of a run file, a torn tail left out.

    Raises:
        StoreError: it is missing, empty, of another tool, of a newer schema, or damaged before its end.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise StoreError(f"There is no run at {path.parent}: it has no {FILE}.") from error
    except OSError as error:
        raise StoreError(f"The run file {path} cannot be read: {error.strerror}.") from error
    lines = whole(data).splitlines()
    if not lines:
        raise StoreError(f"The run file {path} is empty: the run ended before its first record.")
    _check_header(path, lines[0])
    records: list[AnyRecord] = []
    for number, line in enumerate(lines, 1):
        try:
            records.append(_decoder.decode(line))
        except _UNREADABLE as error:
            raise StoreError(f"Line {number} of {path} is damaged: {error}.") from error
    return records


def read_run(path: Path) -> Run:
    """The run in a file, as far as it came.

    Raises:
        StoreError: see `read_records`.
    """
    records = read_records(path)
    if not isinstance(records[0], Header):
        raise StoreError(f"{path} does not begin with a header, so it is not a run of infer-compare.")
    return Run.fold(records)


def _check_header(path: Path, line: bytes) -> None:
    try:
        peek = msgspec.json.decode(line, type=_Peek)
    except _UNREADABLE as error:
        raise StoreError(f"{path} is not a run of infer-compare: its first line is no header.") from error
    if peek.schema != RUN_SCHEMA:
        raise StoreError(f"{path} is not a run of infer-compare: its first line is no header.")
    if peek.version[0] > RUN_VERSION[0]:
        raise StoreError(
            f"{path} was written by a newer infer-compare (run schema {peek.version[0]}.{peek.version[1]}, "
            f"and this one reads up to {RUN_VERSION[0]}.x); upgrade with `pip install -U infer-compare`."
        )


def whole(data: bytes) -> bytes:
    """Everything up to the last newline: what follows was torn off, or is still being written."""
    return data[: data.rfind(b"\n") + 1]
