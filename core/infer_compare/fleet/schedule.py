"""Which job runs where: a state machine that is fed with machines, events and the time, and starts nothing itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from infer_compare.fleet.jobs import key_of, keys_of
from infer_compare.foreign import one_line
from infer_compare.interfaces.launchers import Ended, Lost

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.fleet.records import EndState, PlannedJob
    from infer_compare.interfaces.launchers import Event, Machine

SILENCE_S = 30.0
"""Without any event, after which a job counts as lost; a launcher sends a sign of life every few seconds."""
START_S = 180.0
"""The same for the first event: files are sent and processes started before it."""
SETTLING_S = 5.0
"""How long a host is left alone after a job on it was lost: processes of it may still be ending."""
SUSPECT_S = 30.0
"""How long a machine gets no job after one on it was lost: it may be gone, and still be listed."""
ENDING_S = 15.0
"""How long a host is left alone after a job on it was asked to stop."""
NO_MACHINE_S = 60.0
"""How long a job waits for a machine when none of its kind is there."""

Ending = Literal["ended", "vanished", "stopping", "silent"]
"""What is known of the process of an attempt that is over: it ended; it, or the way to it, is gone; it was asked to stop and
may still run; nothing was heard of it, and its machine gets no job until something is."""
State = Literal["waiting", "running", "done", "incomplete", "failed", "lost", "refused", "stopped"]


@dataclass(slots=True, kw_only=True)
class JobState:
    """A job as it stands."""

    plan: PlannedJob
    state: State = "waiting"
    attempt: int = 0
    """The latest, counted from 1 over the whole life of the fleet."""
    tries: int = 0
    """Attempts since the fleet was started or resumed."""
    machine: Machine | None = None
    """Of the latest attempt."""
    why: str = ""
    says: str = ""
    """What its run said last."""
    since: float = 0.0
    """When it was started, or no machine of its kind was seen any more."""
    heard: float | None = None
    """When the latest attempt gave a sign of life; None before the first."""
    facts: dict[str, str] = field(default_factory=dict)
    lost_on: set[str] = field(default_factory=set)
    """Machines on which an attempt was lost."""

    @property
    def host(self) -> str:
        """What people call the machine of the latest attempt; empty before the first."""
        if self.machine is None:
            return ""
        name = self.facts.get("hostname") or self.machine.labels.get("hostname", "")
        # An id that contains the name tells several nodes of a host apart.
        return one_line(self.machine.id if name in self.machine.id else name)


@dataclass(slots=True)
class _Busy:
    job: str
    attempt: int
    machine: str
    until: float | None = None
    """When the host is free again at the latest; None while the job runs."""


class Schedule:
    """One job at a time on a host; the others wait, and a lost one is tried again on another machine of its kind."""

    def __init__(self, jobs: Sequence[JobState], attempts: int) -> None:
        """Nothing runs yet.

        Args:
            jobs: those that are to run wait; the others have ended.
            attempts: how often a job is tried.
        """
        self.jobs = {job.plan.id: job for job in jobs}
        self._attempts = attempts
        self._machines: dict[object, list[Machine]] = {}
        """By kind and by host."""
        self._hosts: dict[str, _Busy] = {}
        self._silent: set[str] = set()
        """Machines that were not heard of since a job on them was lost."""
        self._suspect: dict[str, float] = {}
        """Machines on which a job was lost, with the time until which they get no other."""
        self._refused: dict[str, dict[str, str]] = {}
        """By job, the machines that it is not to run on, with the reason."""

    @property
    def running(self) -> list[JobState]:
        """The jobs that run."""
        return [job for job in self.jobs.values() if job.state == "running"]

    @property
    def waiting(self) -> list[JobState]:
        """The jobs that have no machine yet."""
        return [job for job in self.jobs.values() if job.state == "waiting"]

    @property
    def is_open(self) -> bool:
        """Whether something runs or waits."""
        return any(job.state in {"running", "waiting"} for job in self.jobs.values())

    def know(self, machines: Sequence[Machine]) -> None:
        """Take note of the machines that are alive."""
        self._machines = {}
        for machine in machines:
            for key in keys_of(machine):
                self._machines.setdefault(key, []).append(machine)

    def place(self, now: float) -> Iterator[JobState]:
        """Give waiting jobs a machine, and yield those that are to be started on it now.

        Args:
            now: monotonic seconds.
        """
        for job in self.waiting:
            fitting = self._fitting(job)
            # Once lost on a machine, it waits for another as long as there is one.
            others = [machine for machine in fitting if machine.id not in job.lost_on]
            machine = next((machine for machine in others or fitting if self._is_free(machine, now)), None)
            if machine is None:
                continue
            job.state, job.machine, job.why, job.says = "running", machine, "", ""
            job.attempt += 1
            job.tries += 1
            job.since, job.heard, job.facts = now, None, {}
            self._hosts[machine.host] = _Busy(job.plan.id, job.attempt, machine.id)
            yield job

    def starves(self) -> bool:
        """Return whether a job waits for which no machine is known, not even a busy one."""
        return any(not self._fitting(job) for job in self.waiting)

    def hopeless(self, now: float) -> Iterator[tuple[JobState, EndState, str]]:
        """Yield waiting jobs that no machine can run, with how and why they end."""
        for job in self.waiting:
            kind = self._machines.get(key_of(job.plan), [])
            refused = self._refused.get(job.plan.id, {})
            if kind and all(machine.id in refused for machine in kind):
                yield job, "refused", refused[kind[-1].id]
            elif self._fitting(job):
                job.since = now
            elif now - job.since >= NO_MACHINE_S:
                yield job, "lost", job.why or f"there is no machine left of the kind {job.plan.kind}"

    def _fitting(self, job: JobState) -> list[Machine]:
        refused = self._refused.get(job.plan.id, {})
        return [
            machine
            for machine in self._machines.get(key_of(job.plan), [])
            if machine.id not in refused and machine.id not in self._silent
        ]

    def _is_free(self, machine: Machine, now: float) -> bool:
        busy = self._hosts.get(machine.host)
        free = busy is None or (busy.until is not None and now >= busy.until)
        return free and now >= self._suspect.get(machine.id, now)

    def hear(self, event: Event, now: float) -> JobState | None:
        """Take note of a sign of life, and return the job; None where the event is of an attempt that is over."""
        job = self.jobs.get(event.job)
        if job is None:
            return None
        if job.state == "running" and event.attempt == job.attempt:
            job.heard = now
            return job
        # The process of an attempt that is over speaks: it is there still, and its end frees its host.
        for host, busy in list(self._hosts.items()):
            if (busy.job, busy.attempt) == (event.job, event.attempt):
                if not isinstance(event, Lost):
                    self._silent.discard(busy.machine)
                if isinstance(event, Ended):
                    del self._hosts[host]
        return None

    def silent(self, now: float) -> list[JobState]:
        """Return the running jobs that have given no sign of life for too long."""
        return [
            job
            for job in self.running
            if now - (job.since if job.heard is None else job.heard) >= (START_S if job.heard is None else SILENCE_S)
        ]

    def end(self, job: JobState, state: EndState, why: str, now: float, *, how: Ending = "ended") -> None:
        """Take note of how an attempt ended; a lost job waits again where it has attempts left.

        Args:
            job: the job.
            state: how the attempt ended.
            why: a clause.
            now: monotonic seconds.
            how: what is known of its process.
        """
        machine = job.machine if job.state == "running" else None
        again = False
        if machine is not None:
            again = state == "refused" or (state == "lost" and job.tries < self._attempts)
            self._release(machine, state, now, gone=how not in {"stopping", "silent"})
            if state == "lost":
                job.lost_on.add(machine.id)
                if how == "vanished":
                    self._suspect[machine.id] = now + SUSPECT_S
            if state == "refused":
                self._refused.setdefault(job.plan.id, {})[machine.id] = why
                job.tries -= 1
            if how == "silent":
                self._silent.add(machine.id)
        job.state = "waiting" if again else state
        job.why, job.since = why, now

    def _release(self, machine: Machine, state: EndState, now: float, *, gone: bool) -> None:
        if gone and state != "lost":
            del self._hosts[machine.host]
        else:
            self._hosts[machine.host].until = now + (SETTLING_S if gone else ENDING_S)
