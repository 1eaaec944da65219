"""A file of lines, each on disk before the next begins.

A write is checked to the last byte and followed by fsync; a short write is truncated away, so that what was
acknowledged is whole and what is not whole was not acknowledged. A tail that a crash tore is cut when the file is opened again.
"""

from __future__ import annotations

import contextlib
import os
import shlex
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from infer_compare.errors import StorageFull, StorageLost, StoreError
from infer_compare.files import is_full

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import Self


File = TypeVar("File", bound="LineFile")


class Words(NamedTuple):
    """What errors about a file say."""

    noun: str
    """What the file is called at the start of a sentence."""
    lines: str
    """What its lines are called."""
    taken: str
    """The sentence for a file that is there already."""
    busy: str
    """The sentence for a file that another process writes to."""
    resume: Sequence[str]
    """The command that goes on once there is room."""


class LineFile:
    """Appends lines to a file; the only writer it has."""

    def __init__(self, path: Path, words: Words, read: Callable[[], bytes], *, create: bool) -> None:
        """Open the file.

        Args:
            path: of the file.
            words: for its errors.
            read: returns what the file holds.
            create: make a new file, which must not be there; else go on with one, its torn tail cut.

        Raises:
            StoreError: the file cannot be opened, is there already, or another process writes to it.
        """
        self.path = path
        self._words = words
        flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | (os.O_CREAT | os.O_EXCL if create else 0)
        try:
            self._descriptor = os.open(path, flags, 0o644)
        except FileExistsError as error:
            raise StoreError(words.taken) from error
        except OSError as error:
            raise StoreError(f"{words.noun} {path} cannot be opened for writing: {error.strerror}.") from error
        self.lines = 0
        """Lines that the file has."""
        try:
            self._lock()
            if not create:
                kept = whole(read())
                self.lines = kept.count(b"\n")
                os.ftruncate(self._descriptor, len(kept))
            self._size = os.fstat(self._descriptor).st_size
        except BaseException:
            self.close()
            raise

    def _lock(self) -> None:
        """Makes this the only writer, until the file is closed or the process ends, however that happens.

        Raises:
            StoreError: another process writes to the file.
        """
        import fcntl

        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError(self._words.busy) from error
        except OSError:
            # Some network file systems have no locks.
            return

    def write(self, line: bytes) -> None:
        """Write a line, its newline included, and wait until it is on disk.

        Raises:
            StorageFull: there was no room; what had been written of the line was taken back.
            StorageLost: the file is gone or cannot be written.
        """
        data = memoryview(line)
        written = 0
        try:
            # An interrupt can come between the write and its being noted.
            if os.fstat(self._descriptor).st_size > self._size:
                os.ftruncate(self._descriptor, self._size)
            while written < len(data):
                written += os.write(self._descriptor, data[written:])
            os.fsync(self._descriptor)
        except BaseException as error:
            # An interrupt too: nothing of a line stays that is not whole.
            self._take_back()
            if not isinstance(error, OSError):
                raise
            if is_full(error):
                raise StorageFull(
                    f"No room is left for {self.path}; all earlier {self._words.lines} are complete. Free some space, then "
                    f"continue with: {shlex.join(self._words.resume)}"
                ) from error
            raise StorageLost(f"{self._words.noun} {self.path} cannot be written: {error.strerror}.") from error
        if not os.fstat(self._descriptor).st_nlink:
            raise StorageLost(f"{self._words.noun} {self.path} was removed during the run.")
        self._size += written
        self.lines += 1

    def _take_back(self) -> None:
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, self._size)
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file; twice is fine."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextlib.contextmanager
def begun(file: File) -> Iterator[File]:
    """Yield a file that was just made, and close it in the end; where it did not get its first line it is removed.

    Raises:
        StorageFull: there was no room for the first line.
    """
    with file:
        try:
            yield file
        except BaseException as error:
            if not file.lines:
                file.path.unlink(missing_ok=True)
                if isinstance(error, StorageFull):
                    raise full_disk(file.path.parent) from error
            raise


def full_disk(folder: Path) -> StorageFull:
    """Return the error of a folder in which nothing can be begun."""
    return StorageFull(f"The disk of {folder} is full; free some space, or choose another folder with -o.")


def whole(data: bytes) -> bytes:
    """Return everything up to the last newline: what follows was torn off, or is still being written."""
    return data[: data.rfind(b"\n") + 1]
