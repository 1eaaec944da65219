"""All that belongs to a worker: every process that it or its children started, and their files of shared memory."""

from __future__ import annotations

import contextlib
import os
import time
from signal import SIGKILL
from typing import TYPE_CHECKING

from infer_compare.environment.host import read
from infer_compare.worker.supervisor import remains

if TYPE_CHECKING:
    from signal import Signals

LOOK_S = 0.1
"""Between looks for new processes and files."""
LOOK_SHARE = 0.01
"""The most of a core that looking may take: where it takes longer, it is done less often."""
SHARED = "/dev/shm"  # noqa: S108 - looked at, not written to


class Tree:
    """A worker's processes and its files of shared memory, as far as they have been seen.

    A process belongs to it that carries the worker's tag, that is in its session, or whose parent belongs to it. A
    file belongs to it that was not there before the worker, and that one of these processes has open or mapped.
    """

    def __init__(self, tag: str) -> None:
        """Notes what is there before the worker is started; `pid` is to be set when it is."""
        self.tag = tag
        self.pid = 0
        self.files: dict[str, int] = {}
        """Paths of files of shared memory, with their inodes."""
        self._others: dict[int, bytes] = {}
        self._seen: set[int] = set()
        self._before = _files()
        self._due = 0.0

    @property
    def others(self) -> tuple[int, ...]:
        """The processes beside the worker itself."""
        return tuple(self._others)

    def look(self, *, now: bool = False) -> None:
        """Looks for new processes and files, if it is time for it: 0.1 ms where there are none, among 100 processes."""
        began = time.monotonic()
        if (began < self._due and not now) or not self.pid:
            return
        self._find_processes()
        self._find_files()
        ended = time.monotonic()
        self._due = ended + max(LOOK_S, (ended - began) / LOOK_SHARE)

    def _find_processes(self) -> None:
        there = set(remains.processes())
        self._others = {pid: began for pid, began in self._others.items() if pid in there}
        # Lower numbers first: parents mostly come before their children.
        for pid in sorted(there - self._seen - {self.pid}):
            began = self._member_since(pid)
            if began is not None:
                self._others[pid] = began
        self._seen = there

    def _member_since(self, pid: int) -> bytes | None:
        """When a process began, in the kernel's words, if it belongs to this tree."""
        fields = _status(pid)
        if len(fields) <= _BEGAN:
            return None
        parent, session = int(fields[_PARENT]), int(fields[_SESSION])
        if self.pid in {parent, session} or parent in self._others or remains.carries(pid, self.tag):
            return fields[_BEGAN]
        return None

    def _find_files(self) -> None:
        there = _files()
        for path in [path for path, inode in self.files.items() if (path, inode) not in there]:
            del self.files[path]
        new = {path: inode for path, inode in there - self._before if path not in self.files and _is_own(path)}
        if new:
            used = remains.in_use(new, (self.pid, *self._others))
            self.files |= {path: inode for path, inode in new.items() if path in used}

    def shared(self) -> int:
        """Memory that the files take, in bytes."""
        size = 0
        for path in self.files:
            with contextlib.suppress(OSError):
                size += os.stat(path).st_blocks * 512  # noqa: PTH116 - pathlib is not loaded for this
        return size

    def signal_others(self, number: Signals) -> None:
        """Sends a signal to those that have left the worker's process group."""
        for pid, began in self._others.items():
            with contextlib.suppress(OSError):
                # Not to another process that has got the number meanwhile.
                if os.getpgid(pid) != self.pid and _status(pid)[_BEGAN:][:1] == [began]:
                    os.kill(pid, number)

    def end(self) -> None:
        """Ends what is left of it when the worker has ended, and removes its files."""
        self.look(now=True)
        # Those first that were started with another environment, and then whatever carries the tag.
        self.signal_others(SIGKILL)
        remains.end(self.tag)
        self._others.clear()
        remains.remove(self.files)
        self.files.clear()


def _status(pid: int) -> list[bytes]:
    """The fields that the kernel tells of a process, from its state on; none when it has ended."""
    # The name of the program, in brackets, may hold anything.
    return (read(f"/proc/{pid}/stat") or b"").rpartition(b")")[2].split()


_PARENT, _SESSION, _BEGAN = 1, 3, 19
"""Which of the fields are the parent, the session and the start time."""


def _files() -> set[tuple[str, int]]:
    """The regular files of shared memory that are there, with their inodes."""
    try:
        with os.scandir(SHARED) as entries:
            return {(entry.path, entry.inode()) for entry in entries if entry.is_file(follow_symlinks=False)}
    except OSError:
        return set()


def _is_own(path: str) -> bool:
    """Whether a file is this user's."""
    try:
        return os.lstat(path).st_uid == os.geteuid()
    except OSError:
        return False
