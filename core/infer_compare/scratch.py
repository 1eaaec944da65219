"""Temporary folders with unique names, which are removed even if the process that made them dies.

All temporary files are made here, inside the run folder, the cache or the system's folder for temporary files. Each
folder contains a file that its owner keeps locked. The kernel releases the lock when the process ends for whatever
reason; the next process that makes a folder in the same place then removes the abandoned one.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

PREFIX = ".infer-compare-"
LOCK = ".owner"
"""The file in a temporary folder that its owner keeps locked."""
MARK = b"A temporary folder of infer-compare; it can be removed once no process holds this file locked.\n"

_NAME = re.compile(rf"{re.escape(PREFIX)}[a-z0-9_]{{8}}")
"""Matches the names that `mkdtemp` makes of the prefix."""


class Scratch:
    """A temporary folder. As a context manager it gives the path, and removes the folder at the end."""

    def __init__(self, place: Path | None = None) -> None:
        """Create the folder, after removing abandoned folders in the same place.

        Args:
            place: the parent folder; the system's folder for temporary files when None.

        Raises:
            OSError: the folder cannot be created.
        """
        place = Path(tempfile.gettempdir()) if place is None else place
        remove_abandoned(place)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        try:
            self._lock = _locked(self.path)
        except BaseException:
            shutil.rmtree(self.path, ignore_errors=True)
            raise

    def remove(self) -> None:
        """Remove the folder and its content. May be called twice; an interrupt does not stop it halfway."""
        if self._lock < 0:
            return
        try:
            _remove(self.path)
        except KeyboardInterrupt:
            _remove(self.path)
            raise
        finally:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()


def remove_abandoned(place: Path) -> None:
    """Remove the temporary folders in a place whose owners have died.

    A folder is removed only if it has one of our names, belongs to this user, and contains an unlocked lock file of ours.
    Links are never followed. On a file system without locks, nothing is removed.
    """
    try:
        names = [name for name in os.listdir(place) if _NAME.fullmatch(name)]  # noqa: PTH208 - names, not paths
    except OSError:
        return
    for name in names:
        with contextlib.suppress(OSError):
            if _is_abandoned(place / name):
                _remove(place / name)


def _locked(folder: Path) -> int:
    """Create the lock file and return its descriptor; it is locked before it gets its name, hence never seen unlocked."""
    import fcntl

    unnamed = folder / f"{LOCK}.new"
    descriptor = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, MARK)
    except OSError:
        os.close(descriptor)
        raise
    with contextlib.suppress(OSError):
        # Some network file systems have no locks.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    unnamed.rename(folder / LOCK)
    return descriptor


def _is_abandoned(folder: Path) -> bool:
    """Return whether a folder is ours and its owner has died.

    Raises:
        OSError: this cannot be determined: the folder is a link, belongs to another user, or has no lock file.
    """
    import fcntl

    with _opened(folder) as place:
        if os.fstat(place).st_uid != os.geteuid():
            return False
        lock = os.open(LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=place)
        try:
            if not stat.S_ISREG(os.fstat(lock).st_mode) or os.read(lock, len(MARK) + 1) != MARK:
                return False
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(lock)
    return True


def _remove(folder: Path) -> None:
    """Remove a folder's content, then its lock file, then the folder; after an interruption this can be repeated."""
    with contextlib.suppress(OSError), _opened(folder) as place:
        for name in os.listdir(place):  # noqa: PTH208 - of a descriptor
            if name != LOCK:
                with contextlib.suppress(OSError):
                    _remove_entry(name, place)
        os.unlink(LOCK, dir_fd=place)
    with contextlib.suppress(OSError):
        folder.rmdir()


def _remove_entry(name: str, place: int) -> None:
    if stat.S_ISDIR(os.stat(name, dir_fd=place, follow_symlinks=False).st_mode):
        shutil.rmtree(name, ignore_errors=True, dir_fd=place)
    else:
        os.unlink(name, dir_fd=place)


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """Open a folder and give its descriptor; links are not followed."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
