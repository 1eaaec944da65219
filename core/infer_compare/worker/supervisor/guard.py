"""The guard of a run: a small process that cleans up when this process cannot, as after `kill -9`.

It is started with the first worker, and waits for a pipe to close. It then ends all processes with the run's tag. It ends itself
when the last worker has ended.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import select
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from infer_compare.worker.supervisor import remains

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READY_S = 10.0
"""How long it may take to start, on a busy machine."""
END_S = remains.WAIT_S + 5.0
"""How long it may take to end."""


class Guard:
    """The handle of this process on its guard. The guard process runs while it is held at least once."""

    def __init__(self) -> None:
        """Starts nothing."""
        self.owner = os.getpid()
        self.run = os.urandom(8).hex()
        """The tag of all workers of this process."""
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()
        self._held = 0
        self._left: dict[str, int] = {}
        self._workers: set[int] = set()
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe = -1

    def hold(self) -> None:
        """Keep the guard alive until it is released as often as it was held."""
        with self._lock:
            self._held += 1

    def release(self) -> None:
        """Release the guard; after the last release it ends, which takes some 5 ms."""
        with self._lock:
            self._held -= 1
            if self._held == 0:
                self._stop()

    def tag(self) -> str:
        """Hold the guard, start it if it does not run, and return the tag for a new worker.

        Raises:
            OSError: the guard cannot be started.
        """
        with self._lock:
            self.hold()
            try:
                self._start()
            except BaseException:
                self.release()
                raise
            return f"{self.run}.{next(self._numbers)}"

    def started(self, worker: int) -> None:
        """Register a worker, whose session the guard ends if this process dies first."""
        with self._lock:
            self._workers.add(worker)
            self._tell(b">%d", worker)

    def ended(self, worker: int) -> None:
        """Unregister a worker whose processes have all ended, and release the guard."""
        with self._lock:
            self._workers.discard(worker)
            self._tell(b"<%d", worker)
            self.release()

    def remember(self, path: str, inode: int) -> None:
        """Register a file or folder, which the guard removes if this process dies first."""
        with self._lock:
            if self._left.get(path) != inode:
                self._left[path] = inode
                self._tell(b"+%d %s", inode, os.fsencode(path))

    def forget(self, path: str) -> None:
        """Unregister a file or folder that has been removed or should be kept."""
        with self._lock:
            inode = self._left.pop(path, None)
            if inode is not None:
                self._tell(b"-%d %s", inode, os.fsencode(path))

    def _start(self) -> None:
        if not has_proc() or (self._process is not None and self._process.poll() is None):
            return
        self._stop()
        read, self._pipe = os.pipe()
        try:
            # A new session keeps the terminal's signals away. The guard itself has no tag of this run.
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", remains.__file__, self.run, str(self.owner)],
                stdin=read,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
            )
            assert self._process.stdout is not None
            with self._process.stdout as ready:
                # Wait until it is ready, so that it does not disturb the start of a worker, and no worker is without a guard.
                select.select([ready], [], [], READY_S)
        except BaseException:
            self._stop()
            raise
        finally:
            os.close(read)
        for path, inode in self._left.items():
            self._tell(b"+%d %s", inode, os.fsencode(path))
        for worker in self._workers:
            self._tell(b">%d", worker)

    def _tell(self, form: bytes, *words: int | bytes) -> None:
        """Write a message to the guard, for `remains.watch`."""
        if self._pipe != -1:
            with contextlib.suppress(OSError):
                os.write(self._pipe, form % words + b"\0")

    def _stop(self) -> None:
        pipe, self._pipe = self._pipe, -1
        if pipe != -1:
            os.close(pipe)
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(END_S)


_guards: dict[int, Guard] = {}


def guard() -> Guard:
    """Return the guard of this process; a forked child gets another one than its parent."""
    pid = os.getpid()
    if pid not in _guards:
        _guards[pid] = Guard()
    return _guards[pid]


def has_proc() -> bool:
    """Return whether processes can be found by their tags, which is so on Linux."""
    return os.path.exists("/proc/self/environ")  # noqa: PTH110 - asked for each worker


def environment(tag: str) -> dict[str, str]:
    """Return the environment of this process with a tag added, for starting a worker."""
    inherited = os.environ.get(remains.VARIABLE)
    return {**os.environ, remains.VARIABLE: f"{inherited}:{tag}" if inherited else tag}


@contextlib.contextmanager
def tagged() -> Iterator[dict[str, str]]:
    """Yield an environment; processes that are started with it, and their descendants, are ended on leaving."""
    holder = guard()
    tag = holder.tag()
    try:
        yield environment(tag)
    finally:
        remains.end(tag)
        holder.release()


@contextlib.contextmanager
def removed_if_killed(folder: Path) -> Iterator[None]:
    """Have the guard remove a folder if this process is killed meanwhile, once it has started a worker."""
    holder = guard()
    holder.hold()
    # Resolved, since the guard has another working folder.
    path = folder.resolve()
    try:
        with contextlib.suppress(FileNotFoundError):
            holder.remember(str(path), path.stat().st_ino)
        yield
    finally:
        holder.forget(str(path))
        holder.release()
