"""What launchers share that start a process for each job: all but how machines are found and reached."""

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
"""The arguments of a Python interpreter that is to be the node side."""
LONGEST_SENTENCE = 400
MOST_ASKED = 32
"""Machines that are asked at the same time."""
CLOSE_S = 5.0
"""How long the runs may take to end when the launcher is closed."""


class ProcessLauncher(ABC):
    """A launcher that reaches the node side of each job by a process, such as `ssh`.

    A subclass has `name`, `connect`, `machines` and `command`.
    """

    name: str
    install_hint: str = ""
    requires: tuple[str, ...] = ()
    surroundings: Surroundings = Surroundings()
    """What is to be repaired on the machines."""

    def __init__(self) -> None:
        """Start nothing."""
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._processes: list[NodeProcess] = []

    @abstractmethod
    def connect(self, address: str | None, deadline_s: float) -> None:
        """Reach the machines, within that time; see `Launcher.connect`."""

    @abstractmethod
    def machines(self) -> Sequence[Machine]:
        """Return the machines that are alive."""

    @abstractmethod
    def command(self, machine: str, *arguments: str) -> Sequence[str]:
        """Return the command that runs `python -P -m infer_compare.fleet.child ARGUMENTS` on a machine.

        Standard input and output of the command must be those of the node side, and nothing else on standard output.
        """

    def ask(self, machines: Iterable[str], deadline_s: float) -> tuple[Machine, ...]:
        """Return machines as they describe themselves; all are asked at the same time.

        Args:
            machines: the `id` of each.
            deadline_s: how long each may take to answer.

        Raises:
            Unreachable: one does not answer as a node side does.
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
                # With all that it has started, which may hold its pipes open.
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
        """Start a job and return at once."""
        try:
            parcel = Parcel(job, self.surroundings)
        except ShippingError as error:
            self._events.put(Lost(job=job.id, attempt=job.attempt, why=str(error).rstrip(".")))
            return
        command = self.command(job.machine)
        self._processes = [process for process in self._processes if not process.wait(0)]
        self._processes.append(NodeProcess(command, parcel, job.id, job.attempt, self._events.put))

    def events(self, timeout_s: float) -> Iterable[Event]:
        """Return what came, after waiting for that time at most."""
        events: list[Event] = []
        try:
            events.append(self._events.get(timeout=timeout_s))
            while True:
                events.append(self._events.get_nowait())
        except queue.Empty:
            return events

    def stop(self, job: str, grace_s: float) -> None:
        """Ask the job to end as Ctrl-C does, and end it after that time."""
        for process in self._processes:
            if process.job == job:
                process.stop(grace_s)

    def close(self) -> None:
        """Stop every job that runs, and leave no process behind."""
        for process in self._processes:
            process.stop(CLOSE_S)
        for process in self._processes:
            if not process.wait(2 * CLOSE_S):
                process.kill()
        self._processes.clear()
