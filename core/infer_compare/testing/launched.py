"""Stand-in jobs for checks of launchers: starts them, follows their events, and looks for their remains."""

from __future__ import annotations

import contextlib
import json
import os
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from infer_compare.fleet.node.facts import machine_facts
from infer_compare.interfaces.launchers import Ended, Event, Job, Lines, Lost, Started
from infer_compare.testing.conformance.violation import NotApplicable, Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from infer_compare.interfaces.launchers import Launcher

START_S = 90.0
"""Seconds that a job may take to start: some launchers first start processes on the machine."""
GONE_S = 20.0
"""Seconds until nothing of a job may be left."""
LOOK_S = 0.2


def stand_in(machine: str, *options: str, files: Mapping[str, Path] | None = None) -> Job:
    """Return a stand-in job with a unique id, which the commands of all its processes contain."""
    token = f"stand-in-{uuid4().hex[:12]}"
    shipped = files or {}
    argv = ("{folder}", "--token", token, *options, *(f"--file={{file:{name}}}" for name in shipped))
    return Job(id=token, attempt=1, machine=machine, argv=argv, files=shipped, module="infer_compare.testing.stand_in")


class Launched:
    """The jobs of a launcher and their events; the only reader of the launcher's events."""

    def __init__(self, launcher: Launcher) -> None:
        """Start nothing yet."""
        self.launcher = launcher
        self.events: dict[str, list[Event]] = {}

    def start(self, job: Job) -> str:
        """Start a job and return its id."""
        self.events[job.id] = []
        began = time.monotonic()
        self.launcher.start(job)
        if (took_s := time.monotonic() - began) > START_S / 9:
            raise Violation(
                f"`start` took {took_s:.0f} s; return at once, and let whatever goes wrong come as an event."
            )
        return job.id

    def until(self, what: str, condition: Callable[[], bool], seconds: float = START_S) -> None:
        """Take events until a condition holds.

        Raises:
            Violation: the condition does not hold in time, or an event is invalid or out of order.
        """
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                raise Violation(f"{what}: it did not come within {seconds:g} s; these events came: {self._received()}.")
            self.take(LOOK_S)

    def take(self, seconds: float) -> None:
        """Take and check the events that arrive within a time.

        Raises:
            Violation: `events` takes much longer, or an event is invalid or out of order.
        """
        began = time.monotonic()
        came = list(self.launcher.events(seconds))
        if time.monotonic() - began > seconds + 5:
            raise Violation(f"`events({seconds:g})` took {time.monotonic() - began:.0f} s; return what came by then.")
        for event in came:
            if not isinstance(event, Event):
                raise Violation(f"`events` returned {type(event).__name__}, which is not an event.")
            if event.job in self.events:
                self._check_turn(event, self.events[event.job])
                self.events[event.job].append(event)

    def _check_turn(self, event: Event, before: list[Event]) -> None:
        if event.attempt != 1:
            raise Violation(f"an event of attempt 1 came as one of attempt {event.attempt}.")
        if before and isinstance(before[-1], Ended | Lost):
            raise Violation(f"{type(event).__name__} came after {type(before[-1]).__name__}, which is the last event.")
        if isinstance(event, Lines):
            expected = sum(len(each.text.encode()) for each in before if isinstance(each, Lines))
            if event.offset != expected or not event.text.endswith("\n"):
                raise Violation(
                    f"lines came with offset {event.offset}, and {expected} bytes came before them; send whole lines, each once."
                )
        if isinstance(event, Lines) and not any(isinstance(each, Started) for each in before):
            raise Violation("lines came before Started.")

    def of(self, job: str, kind: type[Any]) -> list[Any]:
        """Return the events of a kind."""
        return [event for event in self.events[job] if isinstance(event, kind)]

    def last(self, job: str) -> Ended | Lost | None:
        """Return the event that ended the job; None if it is running."""
        return next(iter(self.of(job, Ended | Lost)), None)  # type: ignore[arg-type]

    def records(self, job: str) -> list[dict[str, Any]]:
        """Return the received lines."""
        text = "".join(event.text for event in self.of(job, Lines))
        return [json.loads(line) for line in text.splitlines()]

    def is_running(self, job: str) -> bool:
        """Return whether the job has reported its processes; raise if it has ended."""
        if (end := self.last(job)) is not None:
            raise Violation(f"the job ended at once: {described(end)}")
        return bool(self.records(job))

    def running(self, *options: str, machine: str) -> str:
        """Start a job that waits to be ended, wait until it is running, and return its id."""
        job = self.start(stand_in(machine, "--hold", *options))
        self.until("the first line of a job", lambda: self.is_running(job))
        return job

    def end(self, job: str, seconds: float) -> Ended | Lost:
        """Wait for the last event and return it."""
        self.until("the last event of a job, Ended or Lost", lambda: self.last(job) is not None, seconds)
        end = self.last(job)
        assert end is not None
        return end

    def node(self, job: str) -> int:
        """Return the process id of the job's node side.

        Raises:
            NotApplicable: the job runs on another machine, or its processes cannot be found from here.
        """
        facts = self.of(job, Started)[0].facts
        if facts.get("host") != _own_host() or job not in _command(self.records(job)[0]["pids"][0]):
            raise NotApplicable(
                "the jobs run on another machine, or on one without /proc; no process of theirs is killed from here"
            )
        return int(facts["pid"])

    def check_gone(self, job: str) -> None:
        """Wait until no process and no folder of the job is left.

        Raises:
            Violation: something is left.
        """
        started = self.of(job, Started)
        if started and started[0].facts.get("host") == _own_host():
            check_gone(job, self.records(job)[0] if self.records(job) else {})

    def _received(self) -> str:
        kinds = [
            type(event).__name__ if not isinstance(event, Ended | Lost) else described(event)
            for events in self.events.values()
            for event in events
        ]
        return ", ".join(kinds[-12:]) or "nothing"


def described(end: Ended | Lost) -> str:
    """Return how a job ended, in a line."""
    if isinstance(end, Lost):
        return f"Lost ({end.why})"
    return f"Ended with {end.rc} ({end.stderr.strip()})"


def check_gone(token: str, header: Mapping[str, Any]) -> None:
    """Wait until no process and no folder of a stand-in is left on this machine.

    Args:
        token: a text in the commands of its processes.
        header: its first record.

    Raises:
        Violation: something is left.
    """
    until = time.monotonic() + GONE_S
    folder = Path(header["folder"]).parent if "folder" in header else None
    while left := [*_carrying(token), *([str(folder)] if folder is not None and folder.exists() else [])]:
        if time.monotonic() > until:
            raise Violation(f"left of a job after {GONE_S:g} s: {', '.join(left)}.")
        time.sleep(LOOK_S)


@cache
def _own_host() -> str:
    return machine_facts()["host"]


def _carrying(token: str) -> Iterable[str]:
    with contextlib.suppress(OSError):
        for pid in Path("/proc").iterdir():
            if pid.name.isdecimal() and int(pid.name) != os.getpid() and token in _command(int(pid.name)):
                yield f"process {pid.name}"


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""
