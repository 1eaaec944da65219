"""The schedule of a fleet: a state machine that assigns jobs to machines from events and the time, without any I/O."""

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
"""How long a job may send no event before it counts as lost; launchers send a heartbeat every few seconds."""
START_S = 180.0
"""The same for the first event, before which files are sent and processes started."""
SETTLING_S = 5.0
"""How long a host is left alone after a job on it was lost: some of its processes may still be ending."""
SUSPECT_S = 30.0
"""How long a machine gets no job after it vanished during one: it may be gone, but still be listed."""
ENDING_S = 15.0
"""How long a host is left alone after a job on it was asked to stop."""
NO_MACHINE_S = 60.0
"""How long a job waits for a machine if there is none of its kind."""

Ending = Literal["ended", "vanished", "stopping", "silent"]
"""What is known of the process of a finished attempt: `ended`; `vanished`: the process or the connection to it is gone;
`stopping`: it was asked to stop, and may still run; `silent`: it sends nothing, and its machine gets no job until it does."""
State = Literal["waiting", "running", "done", "incomplete", "failed", "lost", "refused", "stopped"]


@dataclass(slots=True, kw_only=True)
class JobState:
    """The present state of a job."""

    plan: PlannedJob
    state: State = "waiting"
    attempt: int = 0
    """Number of the latest attempt, counted from 1 over the whole life of the fleet."""
    tries: int = 0
    """Attempts since the fleet was started or resumed."""
    machine: Machine | None = None
    """Of the latest attempt."""
    why: str = ""
    says: str = ""
    """The latest step that its run reported."""
    since: float = 0.0
    """When it was started, or when a machine of its kind was last known."""
    heard: float | None = None
    """When the last event of the latest attempt arrived; None before the first."""
    facts: dict[str, str] = field(default_factory=dict)
    lost_on: set[str] = field(default_factory=set)
    """Machines on which an attempt was lost."""

    @property
    def host(self) -> str:
        """The name of the latest attempt's machine, for people; empty before the first attempt."""
        if self.machine is None:
            return ""
        name = self.facts.get("hostname") or self.machine.labels.get("hostname", "")
        # An id that contains the host name also identifies the node among several of the host.
        return one_line(self.machine.id if name in self.machine.id else name)


@dataclass(slots=True)
class _Busy:
    job: str
    attempt: int
    machine: str
    until: float | None = None
    """When the host is free again at the latest; None while the job runs."""


class Schedule:
    """Assigns jobs to machines, one at a time per host; a lost job is tried again, on another machine of its kind if possible."""

    def __init__(self, jobs: Sequence[JobState], attempts: int) -> None:
        """Begins with no job running.

        Args:
            jobs: waiting jobs, which are run, and ended ones.
            attempts: how often a job is tried.
        """
        self.jobs = {job.plan.id: job for job in jobs}
        self._attempts = attempts
        self._machines: dict[object, list[Machine]] = {}
        """By kind and by host."""
        self._hosts: dict[str, _Busy] = {}
        self._silent: set[str] = set()
        """Machines that have sent nothing since a job on them fell silent."""
        self._suspect: dict[str, float] = {}
        """Machines that vanished during a job, with the time until which they get no other."""
        self._refused: dict[str, dict[str, str]] = {}
        """By job, the machines that may not run it, with the reason."""

    @property
    def running(self) -> list[JobState]:
        """The running jobs."""
        return [job for job in self.jobs.values() if job.state == "running"]

    @property
    def waiting(self) -> list[JobState]:
        """The jobs that have no machine yet."""
        return [job for job in self.jobs.values() if job.state == "waiting"]

    @property
    def is_open(self) -> bool:
        """Whether any job is running or waiting."""
        return any(job.state in {"running", "waiting"} for job in self.jobs.values())

    def know(self, machines: Sequence[Machine]) -> None:
        """Set the machines that are alive."""
        self._machines = {}
        for machine in machines:
            for key in keys_of(machine):
                self._machines.setdefault(key, []).append(machine)

    def place(self, now: float) -> Iterator[JobState]:
        """Assign free machines to waiting jobs, and yield those jobs, which the caller starts.

        Args:
            now: monotonic seconds.
        """
        for job in self.waiting:
            fitting = self._fitting(job)
            # A job that was lost on a machine waits for another, if there is one.
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
        """Return whether a waiting job has no suitable machine, not even a busy one."""
        return any(not self._fitting(job) for job in self.waiting)

    def hopeless(self, now: float) -> Iterator[tuple[JobState, EndState, str]]:
        """Yield waiting jobs that no machine can run, each with its end state and the reason."""
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
        """Record that an event arrived, and return its job; None if the attempt is already over."""
        job = self.jobs.get(event.job)
        if job is None:
            return None
        if job.state == "running" and event.attempt == job.attempt:
            job.heard = now
            return job
        # The process of a finished attempt is still there: its machine is alive, and its end frees the host.
        for host, busy in list(self._hosts.items()):
            if (busy.job, busy.attempt) == (event.job, event.attempt):
                if not isinstance(event, Lost):
                    self._silent.discard(busy.machine)
                if isinstance(event, Ended):
                    del self._hosts[host]
        return None

    def silent(self, now: float) -> list[JobState]:
        """Return the running jobs that have sent no event for too long."""
        return [
            job
            for job in self.running
            if now - (job.since if job.heard is None else job.heard) >= (START_S if job.heard is None else SILENCE_S)
        ]

    def end(self, job: JobState, state: EndState, why: str, now: float, *, how: Ending = "ended") -> None:
        """Record how an attempt ended; a lost job with attempts left, or a refused one, waits again.

        Args:
            job: the job.
            state: how the attempt ended.
            why: the reason, as a clause.
            now: monotonic seconds.
            how: what is known of the attempt's process.
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
