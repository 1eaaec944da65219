"""The process tree of a worker, and its files of shared memory."""

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
"""The shortest time between looks for new processes and files."""
LOOK_SHARE = 0.01
"""The largest share of a core for looking; if a look takes longer, there are fewer of them."""
PAGE = os.sysconf("SC_PAGESIZE")
SHARED = "/dev/shm"  # noqa: S108 - looked at, not written to


class Tree:
    """The known processes of a worker, and their files of shared memory.

    A process belongs to the tree if it has the worker's tag, is in its session, or has a parent in the tree. A file belongs to it
    if it did not exist before the worker, and a process of the tree has it open or mapped.
    """

    def __init__(self, tag: str) -> None:
        """Records the existing files, before the worker is started; `pid` must be set after that."""
        self.tag = tag
        self.pid = 0
        self.files: dict[str, int] = {}
        """Paths of files of shared memory, with their inodes."""
        self._others: dict[int, bytes] = {}
        self._seen: set[int] = set()
        self._before = _files()
        self._judged: set[tuple[str, int]] = set()
        self._due = 0.0

    def look(self, *, now: bool = False) -> None:
        """Look for new processes and files, if it is time; takes 0.2 ms among 100 processes if there are none."""
        began = time.monotonic()
        if (began < self._due and not now) or not self.pid:
            return
        self._find_processes()
        self._find_files(again=now)
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
        """Return the start time of a process, as the kernel writes it, if it belongs to this tree; else None."""
        fields = remains.status(pid)
        if len(fields) <= remains.BEGAN:
            return None
        parent, session = int(fields[remains.PARENT]), int(fields[remains.SESSION])
        if self.pid in {parent, session} or parent in self._others or remains.carries(pid, self.tag):
            return fields[remains.BEGAN]
        return None

    def _find_files(self, *, again: bool) -> None:
        """Check new files, and if `again` also those that no process of this tree used at the last look."""
        there = _files()
        for path in [path for path, inode in self.files.items() if (path, inode) not in there]:
            del self.files[path]
        unknown = there - self._before - self.files.items()
        new = dict(unknown if again else unknown - self._judged)
        self._judged = unknown
        new = {path: inode for path, inode in new.items() if _is_own(path)}
        if new:
            used = remains.in_use(new, (self.pid, *self._others))
            self.files |= {path: inode for path, inode in new.items() if path in used}

    def resident(self) -> dict[int, int]:
        """Return the resident memory of each other process of the tree in bytes, by process id, without zeros."""
        sizes = {}
        for pid in self._others:
            words = (read(f"/proc/{pid}/statm") or b"").split()
            if len(words) > 1 and words[1] != b"0":
                sizes[pid] = int(words[1]) * PAGE
        return sizes

    def shared(self) -> int:
        """Return the memory of the files, in bytes."""
        size = 0
        for path in self.files:
            with contextlib.suppress(OSError):
                size += os.stat(path).st_blocks * 512  # noqa: PTH116 - pathlib is not loaded for this
        return size

    def signal_others(self, number: Signals) -> None:
        """Send a signal to the processes of the tree that have left the worker's process group."""
        for pid, began in self._others.items():
            with contextlib.suppress(OSError):
                if os.getpgid(pid) != self.pid and remains.is_alive(pid, began):
                    os.kill(pid, number)

    def end(self) -> None:
        """End all processes that remain after the worker has ended, and remove the files."""
        self.look(now=True)
        # First those that were started with another environment, then all with the tag.
        self.signal_others(SIGKILL)
        remains.end(self.tag, killed=self._others)
        self._others.clear()
        remains.remove(self.files)
        self.files.clear()


def _files() -> set[tuple[str, int]]:
    """Return the regular files of shared memory, with their inodes."""
    try:
        with os.scandir(SHARED) as entries:
            return {(entry.path, entry.inode()) for entry in entries if entry.is_file(follow_symlinks=False)}
    except OSError:
        return set()


def _is_own(path: str) -> bool:
    """Return whether a file belongs to this user."""
    try:
        return os.lstat(path).st_uid == os.geteuid()
    except OSError:
        return False
