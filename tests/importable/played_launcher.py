"""A launcher that plays events by its own clock: hours of a fleet take no time."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare.fleet.drive import Driver
from infer_compare.fleet.events import FleetObserver
from infer_compare.fleet.fleet_file import fleet_request
from infer_compare.fleet.folder import begin, read, to_resume
from infer_compare.fleet.ledger import Ledger, read_ledger
from infer_compare.fleet.schedule import JobState, Schedule
from infer_compare.interfaces.launchers import Beat, Ended, Event, Job, Lines, Lost, Machine, Started
from infer_compare.plugins import Plugins
from infer_compare.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from infer_compare.fleet.records import Asked

EXAMPLE = Path(__file__).parents[2] / "docs/example/run.jsonl"
FACTS = {"infer_compare": __version__, "hostname": "somewhere", "framework.reference": "1", "framework.onnx": "1"}
Script = list[tuple[float, Event | BaseException]]
"""What comes of a job, each so many seconds after its start."""


@cache
def installed() -> Plugins:
    """Return the plugins of this installation, looked for once."""
    return Plugins.discover()


def machine(name: str, host: str | None = None, **labels: str) -> Machine:
    """Return a machine of two cores."""
    return Machine(id=name, host=host or f"host-{name}", labels={"hostname": name, **labels}, cpus=2)


class PlayedLauncher:
    """Starts nothing: what comes of a job is what a function says."""

    name = "played"
    install_hint = ""

    def __init__(self, machines: Sequence[Machine], play: Callable[[Job], Script]) -> None:
        """Keep the machines, of which the test may take some away, and the function."""
        self.alive = list(machines)
        self.started: list[Job] = []
        self.stopped: list[str] = []
        self.closed = 0
        self.now = 0.0
        self.most_at_once: dict[str, int] = {}
        self.unheard_of_stop = False
        """Whether a job that is asked to stop goes on."""
        self.play = play
        self._coming: list[tuple[float, Event | BaseException]] = []
        self._running: dict[str, Job] = {}

    def connect(self, address: str | None, deadline_s: float) -> None:
        """Be reached."""

    def machines(self) -> Sequence[Machine]:
        """Return those that are alive."""
        return tuple(self.alive)

    def start(self, job: Job) -> None:
        """Begin to play."""
        self.started.append(job)
        self._running[job.id] = job
        host = next(one.host for one in self.alive if one.id == job.machine)
        on_host = [one for one in self._running.values() if self._host(one) == host]
        self.most_at_once[host] = max(self.most_at_once.get(host, 0), len(on_host))
        self._coming += [(self.now + after, event) for after, event in self.play(job)]
        self._coming.sort(key=lambda pair: pair[0])

    def _host(self, job: Job) -> str:
        return next((one.host for one in self.alive if one.id == job.machine), "")

    def events(self, timeout_s: float) -> Iterable[Event]:
        """Let the time pass, and return what came; an exception among it is raised."""
        self.now += timeout_s
        due = [event for at, event in self._coming if at <= self.now]
        self._coming = [(at, event) for at, event in self._coming if at > self.now]
        for event in due:
            if isinstance(event, BaseException):
                raise event
            if isinstance(event, Ended | Lost):
                self._running.pop(event.job, None)
            yield event

    def stop(self, job: str, grace_s: float) -> None:
        """End a job after a second."""
        self.stopped.append(job)
        running = self._running.get(job)
        if running is not None and not self.unheard_of_stop:
            self._coming = [pair for pair in self._coming if getattr(pair[1], "job", "") != job]
            self._coming.append((self.now + min(grace_s, 1.0), Ended(job=job, attempt=running.attempt, rc=130)))

    def close(self) -> None:
        """Take note of it."""
        self.closed += 1


def well(job: Job, facts: Mapping[str, str] = FACTS, rc: int = 0, run: Path = EXAMPLE) -> Script:
    """Return what comes of a job that goes well in ten seconds."""
    text = run.read_text(encoding="utf-8")
    half = text.index("\n", len(text) // 2) + 1
    own = {"job": job.id, "attempt": job.attempt}
    return [
        (1.0, Started(**own, facts=dict(facts))),
        (2.0, Lines(**own, offset=0, text=text[:half])),
        (5.0, Beat(**own)),
        (9.0, Lines(**own, offset=len(text[:half].encode()), text=text[half:])),
        (10.0, Ended(**own, rc=rc)),
    ]


def partly(job: Job, last: Event | BaseException | None, run: Path = EXAMPLE) -> Script:
    """Return what comes of a job that streams half of its run, and then that."""
    begun = well(job, run=run)[:3]
    return [*begun, (6.0, last)] if last is not None else begun


class Played:
    """A fleet of played jobs in a folder."""

    def __init__(self, folder: Path, launcher: PlayedLauncher, **file: object) -> None:
        """Begin a fleet with the keys of a file."""
        self.folder, self.launcher = folder, launcher
        self._now = lambda: launcher.now
        table = {"models": ["mlp"], "options": {"backends": "reference,onnx"}, "launcher": "played", **file}
        request = fleet_request(table, "fleet.toml")
        self.asked: Asked = begin(request, launcher.machines(), folder, installed())

    def run(self, observer: FleetObserver | None = None) -> dict[str, JobState]:
        """Run it to its end and return how its jobs stand by its ledger."""
        jobs = [JobState(plan=plan, since=self._now()) for plan in self.asked.jobs]
        return self._drive(jobs, observer)

    def resume(self, *, incomplete: bool = False) -> dict[str, JobState]:
        """Resume it from its ledger."""
        return self._drive(to_resume(*read_ledger(self.folder), self._now(), incomplete=incomplete), None)

    def _drive(self, jobs: list[JobState], observer: FleetObserver | None) -> dict[str, JobState]:
        launcher = self.launcher
        with Ledger(self.folder, create=False) as ledger:
            schedule = Schedule(jobs, self.asked.attempts)
            Driver(self.folder, schedule, ledger, launcher, observer or FleetObserver(), self._now).run()
        return self.standing()

    def standing(self) -> dict[str, JobState]:
        """Return how its jobs stand."""
        return {job.plan.id: job for job in read(self.folder)[1]}
