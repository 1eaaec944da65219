"""A worker process with its pipes and descendants: starting, suspending and ending it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time

from infer_compare.worker.supervisor.guard import environment, guard
from infer_compare.worker.supervisor.ring import Ring
from infer_compare.worker.supervisor.tree import Tree

PARTS = 64
"""How often standard error is read in a row before other things are checked."""


class Spawned:
    """A worker process that can be suspended, resumed and ended. It does not know the protocol; see `Process`."""

    def __init__(self, python: str | None = None) -> None:
        """Starts the process.

        Args:
            python: another interpreter than this one, in which infer-compare and the backend are installed.
        """
        self._guard = guard()
        self._tree = Tree(self._guard.tag())
        request_read, self._requests = os.pipe()
        self._replies, reply_write = os.pipe()
        self._errors, error_write = os.pipe()
        self.spawned_ns = time.perf_counter_ns()
        try:
            self._popen = subprocess.Popen(
                [
                    python or sys.executable,
                    # Keeps the working folder off the import path, where a file torch.py would shadow the framework.
                    "-P",
                    "-m",
                    "infer_compare.worker",
                    f"--requests={request_read}",
                    f"--replies={reply_write}",
                    f"--parent={os.getpid()}",
                ],
                stdin=subprocess.DEVNULL,
                stdout=error_write,
                stderr=error_write,
                pass_fds=(request_read, reply_write),
                env=environment(self._tree.tag),
                start_new_session=True,
            )
        except OSError:
            for descriptor in (self._requests, self._replies, self._errors):
                os.close(descriptor)
            self._guard.release()
            raise
        finally:
            for descriptor in (request_read, reply_write, error_write):
                os.close(descriptor)
        self._tree.pid = self._popen.pid
        self._guard.started(self._popen.pid)
        os.set_blocking(self._errors, False)
        os.set_blocking(self._replies, False)
        # Shows the end of the process even if a child of it still holds its pipes open.
        self._exit = os.pidfd_open(self._popen.pid) if hasattr(os, "pidfd_open") else None
        self._ring = Ring()
        self._suspended = False
        self._closed = False

    @property
    def pid(self) -> int:
        """The process id."""
        return self._popen.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs and its pipes are open."""
        return not self._closed and self._popen.poll() is None

    @property
    def stderr_tail(self) -> str:
        """The last lines that the process wrote to standard output and standard error."""
        self._drain_errors()
        return self._ring.text

    def suspend(self) -> None:
        """Stop the process and its children until the next request, as an idle framework may spin."""
        if not self._suspended and self.alive:
            self._signal(signal.SIGSTOP)
            self._suspended = True

    def resume(self) -> None:
        """Resume a suspended process."""
        if self._suspended:
            self._signal(signal.SIGCONT)
            self._suspended = False

    def kill(self) -> None:
        """End the process at once."""
        if not self._closed:
            self._kill()
            self._release()

    def _look(self, *, now: bool = False) -> None:
        """Look for new processes and files of the worker, and register the files with the guard."""
        self._tree.look(now=now)
        for path, inode in self._tree.files.items():
            self._guard.remember(path, inode)

    def _kill(self) -> None:
        # The files of a process cannot be determined after its end.
        self._look(now=True)
        self._signal(signal.SIGKILL)
        self._suspended = False

    def _signal(self, number: signal.Signals) -> None:
        # Signal the whole group, which includes helper processes of a framework, and processes that left the group.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, number)
        self._tree.signal_others(number)

    def _reap(self, seconds: float) -> int | None:
        """Wait up to `seconds`; return the exit status, or None if the process still runs. Meanwhile its pipes are read."""
        until = time.monotonic() + seconds
        while self._popen.poll() is None:
            left = until - time.monotonic()
            if left <= 0:
                return None
            # A worker may be blocked on a full pipe of messages.
            self._drain_errors()
            self._sleep_until_end(min(left, 0.05))
        return self._popen.returncode

    def _sleep_until_end(self, seconds: float) -> None:
        """Wait up to `seconds` for the end of the process, without the delay of up to 50 ms of `Popen.wait`."""
        if self._exit is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(seconds)
            return
        poll = select.poll()
        poll.register(self._exit, select.POLLIN)
        poll.poll(max(1, round(seconds * 1000)))

    def _release(self) -> None:
        """Make sure that nothing of the process is left, and close its pipes."""
        if self._closed:
            return
        self._closed = True
        self._kill()
        self._popen.wait()
        files = tuple(self._tree.files)
        self._tree.end()
        for path in files:
            self._guard.forget(path)
        self._read_errors()
        for descriptor in (self._requests, self._replies, self._errors, self._exit):
            if descriptor is not None:
                os.close(descriptor)
        # Last, so that after an interrupt during this method the guard cleans up when this process ends.
        self._guard.ended(self._popen.pid)

    def _drain_errors(self) -> bool:
        """Read standard error into the ring if it is open; return False at its end."""
        return not self._closed and self._read_errors()

    def _read_errors(self) -> bool:
        with contextlib.suppress(BlockingIOError):
            # Limited, so that endless output of a worker does not prevent the check of its deadline.
            for _ in range(PARTS):
                part = os.read(self._errors, 65536)
                if not part:
                    return False
                self._ring.add(part)
        return True


def describe_status(status: int) -> str:
    """Return an exit status as a text such as `signal SIGSEGV` or `exit status 1`."""
    name = signal_name(status)
    return f"signal {name}" if name else f"exit status {status}"


def signal_name(status: int) -> str | None:
    """Return the name of the signal of a negative exit status; None for another status."""
    if status >= 0:
        return None
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
