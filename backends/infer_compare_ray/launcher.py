"""`RayLauncher`: runs jobs on a Ray cluster, through a separate driver process."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import queue
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from infer_compare.launchers import Ended, Event, Lost, Machine, Unreachable
from infer_compare_ray.messages import (
    Answer,
    Command,
    Connect,
    Connected,
    ListMachines,
    Machines,
    Refused,
    Said,
    Start,
    Stop,
)
from infer_compare_ray.private import VARIABLE, PrivateRay
from infer_compare_ray.reaching import check_head, check_port, late_answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from infer_compare.launchers import Job

STARTING_S = 90.0
"""How long a private Ray may take to start: three seconds on an idle machine, a minute on a busy one."""
LISTING_S = 60.0
CLOSING_S = 15.0


class RayLauncher:
    """Runs each job as an actor on its node of a Ray cluster."""

    name = "ray"
    requires: ClassVar[tuple[str, ...]] = ("ray",)
    install_hint = "pip install 'infer-compare[ray]'"

    def __init__(self) -> None:
        """Begins unconnected."""
        self._driver: subprocess.Popen[bytes] | None = None
        self._answers: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._open: set[tuple[str, int]] = set()
        """Jobs that have not ended, with their attempts."""
        self._private: PrivateRay | None = None
        self._broken = False
        """Whether the driver has ended unexpectedly."""

    def connect(self, address: str | None, deadline_s: float) -> None:
        """Connect to the cluster whose head listens at HOST:PORT; without an address, start a private Ray on this machine.

        Starting a private Ray may take longer than the deadline.

        Raises:
            Unreachable: the cluster cannot be reached, or the private Ray does not start.
        """
        if importlib.util.find_spec("ray") is None:
            raise Unreachable(f"Ray is not installed; type `{self.install_hint}`.")
        deadline = time.monotonic() + deadline_s
        if address is not None:
            check_port(address, deadline)
        self._start(private=address is None)
        try:
            self._send(Connect(address=address))
            if address is not None:
                check_head(address, deadline)
            left_s = STARTING_S if address is None else deadline - time.monotonic()
            answer = self._answer(left_s)
        except Unreachable:
            self._kill()
            raise
        if isinstance(answer, Connected):
            return
        self._kill()
        raise Unreachable(answer.why if isinstance(answer, Refused) else late_answer(address))

    def machines(self) -> Sequence[Machine]:
        """Return the nodes that are alive."""
        if self._broken:
            return ()
        self._send(ListMachines())
        answer = self._answer(LISTING_S)
        return answer.machines if isinstance(answer, Machines) else ()

    def start(self, job: Job) -> None:
        """Start a job without waiting for it; a failure is reported as a `Lost` event."""
        self._open.add((job.id, job.attempt))
        files = {name: str(path.absolute()) for name, path in job.files.items()}
        self._send(Start(job=msgspec.structs.replace(job, files={}), files=files))

    def events(self, timeout_s: float) -> Iterable[Event]:
        """Return the events that have arrived, waiting up to `timeout_s` for the first; possibly none."""
        events = list(self._rest())
        with contextlib.suppress(queue.Empty):
            events.extend(self._checked(self._events.get(timeout=timeout_s)))
            while True:
                events.extend(self._checked(self._events.get_nowait()))
        return events

    def _checked(self, event: Event | None) -> Iterable[Event]:
        """Yield an event if its job has not ended; for None, the end of the driver, yield the loss of all jobs."""
        if event is None:
            self._broken = True
            yield from self._rest()
        elif (event.job, event.attempt) in self._open:
            if isinstance(event, Ended | Lost):
                self._open.remove((event.job, event.attempt))
            yield event

    def _rest(self) -> Iterable[Event]:
        """Yield the loss of all open jobs if the driver is gone."""
        while self._broken and self._open:
            job, attempt = self._open.pop()
            yield Lost(job=job, attempt=attempt, why="the connection to Ray broke")

    def stop(self, job: str, grace_s: float) -> None:
        """Interrupt a job as Ctrl-C does, and kill it if it has not ended after `grace_s`."""
        self._send(Stop(job=job, grace_s=grace_s))

    def close(self) -> None:
        """End the driver with its jobs, and a private Ray."""
        driver = self._driver
        if driver is None:
            return
        assert driver.stdin is not None
        with contextlib.suppress(OSError):
            driver.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            driver.wait(CLOSING_S)
        self._kill()

    def _start(self, *, private: bool) -> None:
        environment = dict(os.environ)
        if private:
            self._private = PrivateRay()
            environment[VARIABLE] = self._private.folder
        self._driver = subprocess.Popen(
            [sys.executable, "-m", "infer_compare_ray.driver"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            # A new session keeps the terminal's Ctrl-C from the driver: the launcher receives it, and stops the jobs.
            start_new_session=True,
        )
        threading.Thread(target=self._read, args=(self._driver,), daemon=True).start()

    def _read(self, driver: subprocess.Popen[bytes]) -> None:
        decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Said)
        assert driver.stdout is not None
        with driver.stdout:
            for line in driver.stdout:
                said = decoder.decode(line)
                (self._answers if isinstance(said, Answer) else self._events).put(said)
        self._answers.put(None)
        self._events.put(None)

    def _send(self, command: Connect | Command) -> None:
        if self._driver is None:
            raise Unreachable("The launcher is not connected.")
        assert self._driver.stdin is not None
        # A driver that is gone is noticed by the end of its output.
        with contextlib.suppress(OSError):
            self._driver.stdin.write(msgspec.json.encode(command) + b"\n")
            self._driver.stdin.flush()

    def _answer(self, timeout_s: float) -> Answer | None:
        with contextlib.suppress(queue.Empty):
            return self._answers.get(timeout=max(timeout_s, 0))
        return None

    def _kill(self) -> None:
        driver, self._driver = self._driver, None
        if driver is not None and driver.poll() is None:
            driver.kill()
            driver.wait()
        if driver is not None and driver.stdin is not None:
            with contextlib.suppress(OSError):
                driver.stdin.close()
        private, self._private = self._private, None
        if private is not None:
            private.remove()
