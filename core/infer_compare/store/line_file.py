"""A file of lines, each of which is flushed to disk before the next.

Every write is completed and followed by fsync, and a partial write is truncated, so acknowledged lines are complete and others leave
no trace. An unfinished last line, for example after a crash, is cut off when the file is opened again.
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
    """The words of error messages about a file."""

    noun: str
    """The kind of file, for the beginning of a sentence."""
    lines: str
    """The name of its lines, in the plural."""
    taken: str
    """The message if the file exists already."""
    busy: str
    """The message if another process writes to the file."""
    resume: Sequence[str]
    """The command that continues after space was freed."""


class LineFile:
    """Appends lines to a file, of which it holds the lock."""

    def __init__(self, path: Path, words: Words, read: Callable[[], bytes], *, create: bool) -> None:
        """Open the file.

        Args:
            path: path of the file.
            words: for error messages.
            read: returns the content of the file.
            create: whether to create the file, which must not exist; otherwise continue it, and cut off an unfinished last line.

        Raises:
            StoreError: the file cannot be opened, exists although it was to be created, or is locked by another process.
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
        """Number of lines in the file."""
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
        """Lock the file until it is closed or the process ends.

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
        """Write a line that ends with a newline, and flush it to disk.

        Raises:
            StorageFull: there is no room; any part of the line was removed again.
            StorageLost: the file was removed or cannot be written.
        """
        data = memoryview(line)
        written = 0
        try:
            # An interrupt may have come after an earlier write, before its size was recorded.
            if os.fstat(self._descriptor).st_size > self._size:
                os.ftruncate(self._descriptor, self._size)
            while written < len(data):
                written += os.write(self._descriptor, data[written:])
            os.fsync(self._descriptor)
        except BaseException as error:
            # After an interrupt too, no part of an incomplete line remains.
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
        """Close the file; further calls have no effect."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextlib.contextmanager
def begun(file: File) -> Iterator[File]:
    """Yield a new file, and close it at the end; it is removed if an error occurs before its first line.

    Raises:
        StorageFull: there is no room for the first line.
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
    """Return the error for a folder whose disk is full."""
    return StorageFull(f"The disk of {folder} is full; free some space, or choose another folder with -o.")


def whole(data: bytes) -> bytes:
    """Return everything up to the last newline, without an unfinished line after it."""
    return data[: data.rfind(b"\n") + 1]
