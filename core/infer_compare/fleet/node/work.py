"""The process of a job on its machine: starting it, forwarding its output, and ending it without remains."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from infer_compare.fleet.node.tail import Tail
from infer_compare.foreign import escaped
from infer_compare.interfaces.launchers import Ended, Lines
from infer_compare.worker.supervisor import remains
from infer_compare.worker.supervisor.guard import environment
from infer_compare.worker.supervisor.ring import Ring

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from infer_compare.fleet.node.messages import NodeJob
    from infer_compare.fleet.node.talk import Inbox, Outbox, Pulse

LOOK_S = 0.25
"""How often the run file and the parent are checked if nothing else happens."""
ORPHAN_GRACE_S = 3.0
"""How long a run may take to end by itself when the parent is gone: nobody waits for its output."""
LEFT_S = 2.0
"""How long the processes of an ended run may take to end by themselves; its guard ends workers and removes their files."""
MOST_PENDING = 4 << 20
"""Bytes of unread events above which the run file is not read further."""
LAST_LINES = 20


def filled(argv: Sequence[str], folder: Path, files: Mapping[str, Path]) -> list[str]:
    """Return the arguments with `{folder}` and `{file:NAME}` replaced."""
    words = {"{folder}": str(folder)} | {f"{{file:{name}}}": str(path) for name, path in files.items()}
    arguments = []
    for argument in argv:
        for word, path in words.items():
            argument = argument.replace(word, path)  # noqa: PLW2901 - one after the other
        arguments.append(argument)
    return arguments


class Work:
    """The process of one job, from its start to its end."""

    def __init__(self, job: NodeJob, argv: Sequence[str], folder: Path, tag: str) -> None:
        """Start the process.

        Args:
            job: the job.
            argv: its arguments, with placeholders replaced.
            folder: of the run, whose `run.jsonl` is forwarded.
            tag: marks all its processes; see `remains`.

        Raises:
            OSError: the process cannot be started.
        """
        self._job = job
        self._tag = tag
        self._tail = Tail(folder / "run.jsonl")
        self._ring = Ring()
        self._errors, errors = os.pipe()
        os.set_blocking(self._errors, False)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", job.module, *argv],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=environment(tag),
                start_new_session=True,
            )
        finally:
            os.close(errors)
        self._kill_at: float | None = None

    def follow(self, inbox: Inbox, outbox: Outbox, pulse: Pulse, signals: int, parent: int) -> int:
        """Forward what the run writes until it has ended; return its exit status, negative for a signal.

        Args:
            inbox: delivers orders; its end means that the launcher is gone.
            outbox: receives the lines of the run file.
            pulse: of the job.
            signals: a pipe that is readable when a signal asks the run to end.
            parent: the parent process; the run is ended when it ends.
        """
        job = self._job
        poll, exits = select.poll(), []
        with contextlib.ExitStack() as closing:
            closing.callback(self._tail.close)
            poll.register(inbox.descriptor, select.POLLIN)
            poll.register(signals, select.POLLIN)
            poll.register(self._errors, select.POLLIN)
            closing.callback(os.close, self._errors)
            for pid in (self._process.pid, parent):
                with contextlib.suppress(AttributeError, OSError):
                    exits.append(os.pidfd_open(pid))
                    closing.callback(os.close, exits[-1])
                    poll.register(exits[-1], select.POLLIN)
            while self._process.poll() is None:
                ready = {descriptor for descriptor, _ in poll.poll(round(1000 * LOOK_S))}
                self._obey(inbox, ready, signals)
                if inbox.ended and inbox.descriptor in ready:
                    poll.unregister(inbox.descriptor)
                if os.getppid() != parent:
                    self.stop(min(job.grace_s, ORPHAN_GRACE_S))
                if self._errors in ready and not self._drain_errors():
                    poll.unregister(self._errors)
                self._forward(outbox)
                pulse.beat()
                if self._kill_at is not None and time.monotonic() >= self._kill_at:
                    self.kill()
                for descriptor in ready.intersection(exits):
                    # The end of its process was handled above.
                    poll.unregister(descriptor)
                    exits.remove(descriptor)
            self._await_rest()
            self._drain_errors()
            self._forward(outbox, everything=True)
        return self._process.returncode

    def _obey(self, inbox: Inbox, ready: set[int], signals: int) -> None:
        if inbox.descriptor in ready:
            for order in inbox.orders():
                self.stop(order.grace_s)
        if signals in ready:
            os.read(signals, 1 << 10)
        if inbox.ended or signals in ready:
            self.stop(self._job.grace_s)

    def stop(self, grace_s: float) -> None:
        """Interrupt the run, once, and have it killed after `grace_s`; after several calls the earliest time counts."""
        if self._kill_at is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGINT)
        kill_at = time.monotonic() + grace_s
        self._kill_at = kill_at if self._kill_at is None else min(self._kill_at, kill_at)

    def kill(self) -> None:
        """Kill the run's process group; processes that left the group are later found by the tag."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def ended(self, rc: int) -> Ended:
        """Return the event for the end of the run, with the last lines of its standard error."""
        lines = self._ring.text.splitlines()[-LAST_LINES:]
        return Ended(job=self._job.job, attempt=self._job.attempt, rc=rc, stderr="\n".join(lines))

    def _forward(self, outbox: Outbox, *, everything: bool = False) -> None:
        outbox.flush()
        if outbox.pending > MOST_PENDING and not everything:
            return
        for offset, text in self._tail.read():
            outbox.send(Lines(job=self._job.job, attempt=self._job.attempt, offset=offset, text=text))

    def _drain_errors(self) -> bool:
        """Read the run's standard error; return False at its end."""
        with contextlib.suppress(BlockingIOError):
            while part := os.read(self._errors, 1 << 16):
                self._ring.add(part)
            return False
        return True

    def _await_rest(self) -> None:
        """Give the run's guard, if there is one, the time to clean up."""
        until = time.monotonic() + LEFT_S
        while time.monotonic() < until and any(remains.carries(pid, self._tag) for pid in remains.processes()):
            time.sleep(remains.LOOK_S)


def failed(job: NodeJob, reason: str) -> Ended:
    """Return the event for a job that could not be started."""
    return Ended(job=job.job, attempt=job.attempt, rc=2, stderr=escaped(reason, keep="\n"))
