"""The base class of launchers that start a process for each job."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import msgspec

from infer_compare.fleet.launchers.node_process import NodeProcess
from infer_compare.fleet.node.facts import machine_of
from infer_compare.fleet.node.messages import Surroundings
from infer_compare.fleet.node.shipping import Parcel, ShippingError
from infer_compare.foreign import one_line
from infer_compare.interfaces.launchers import Event, Lost, Machine, Unreachable
from infer_compare.worker.supervisor.spawned import describe_status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from infer_compare.interfaces.launchers import Job

NODE = ("-P", "-m", "infer_compare.fleet.child")
"""Arguments with which a Python interpreter becomes the node side."""
LONGEST_SENTENCE = 400
MOST_ASKED = 32
"""How many machines are asked at the same time."""
CLOSE_S = 5.0
"""How long the runs may take to end when the launcher is closed."""


class ProcessLauncher(ABC):
    """A launcher that reaches the node side of each job through a local process, such as `ssh`.

    A subclass defines `name`, `connect`, `machines` and `command`.
    """

    name: str
    install_hint: str = ""
    requires: tuple[str, ...] = ()
    surroundings: Surroundings = Surroundings()
    """What the node side repairs on the machines before a run."""

    def __init__(self) -> None:
        """Start nothing."""
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._processes: list[NodeProcess] = []

    @abstractmethod
    def connect(self, address: str | None, deadline_s: float) -> None:
        """Connect to the machines within `deadline_s`; see `Launcher.connect`."""

    @abstractmethod
    def machines(self) -> Sequence[Machine]:
        """Return the machines that are alive."""

    @abstractmethod
    def command(self, machine: str, *arguments: str) -> Sequence[str]:
        """Return the command that runs `python -P -m infer_compare.fleet.child ARGUMENTS` on a machine.

        Standard input and output of the command must be those of the node side; it must print nothing else to standard output.
        """

    def ask(self, machines: Iterable[str], deadline_s: float) -> tuple[Machine, ...]:
        """Return the descriptions that machines give of themselves; they are asked in parallel.

        Args:
            machines: the `id` of each.
            deadline_s: how long each may take to answer.

        Raises:
            Unreachable: a machine does not answer in time, or not as a node side does.
        """
        names = tuple(machines)
        with ThreadPoolExecutor(max_workers=max(1, min(len(names), MOST_ASKED))) as pool:
            return tuple(pool.map(lambda name: self._ask(name, deadline_s), names))

    def _ask(self, machine: str, deadline_s: float) -> Machine:
        command = self.command(machine, "--facts")
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise Unreachable(f"{command[0]} cannot be started: {error.strerror}; check the address.") from None
        with process:
            try:
                output, errors = process.communicate(timeout=deadline_s)
            except subprocess.TimeoutExpired:
                # The whole process group: its children may hold the pipes open.
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                raise Unreachable(f"{machine} does not answer within {deadline_s:g} s; check the address.") from None
        try:
            return machine_of(machine, msgspec.json.decode(output.splitlines()[-1], type=dict[str, str]))
        except (IndexError, msgspec.MsgspecError):
            said = one_line(errors.decode(errors="replace"), LONGEST_SENTENCE) or describe_status(process.returncode)
            raise Unreachable(
                f"{machine} cannot run jobs ({said}); check the address, and that infer-compare is installed there."
            ) from None

    def start(self, job: Job) -> None:
        """Start a job without waiting for it; a failure is reported as a `Lost` event."""
        try:
            parcel = Parcel(job, self.surroundings)
        except ShippingError as error:
            self._events.put(Lost(job=job.id, attempt=job.attempt, why=str(error).rstrip(".")))
            return
        command = self.command(job.machine)
        self._processes = [process for process in self._processes if not process.wait(0)]
        self._processes.append(NodeProcess(command, parcel, job.id, job.attempt, self._events.put))

    def events(self, timeout_s: float) -> Iterable[Event]:
        """Return the events that have arrived, waiting up to `timeout_s` for the first."""
        events: list[Event] = []
        try:
            events.append(self._events.get(timeout=timeout_s))
            while True:
                events.append(self._events.get_nowait())
        except queue.Empty:
            return events

    def stop(self, job: str, grace_s: float) -> None:
        """Interrupt a job as Ctrl-C does, and kill it if it has not ended after `grace_s`."""
        for process in self._processes:
            if process.job == job:
                process.stop(grace_s)

    def close(self) -> None:
        """Stop all running jobs, and leave no process behind."""
        for process in self._processes:
            process.stop(CLOSE_S)
        for process in self._processes:
            if not process.wait(2 * CLOSE_S):
                process.kill()
        self._processes.clear()
