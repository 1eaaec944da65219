"""The driver of a fleet: one loop that starts jobs, receives their events and records how they end."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare.fleet.fitness import refusal
from infer_compare.fleet.progress import closing_state, progress_of
from infer_compare.fleet.records import AttemptEnd, AttemptFacts, AttemptStart, moment
from infer_compare.fleet.streamed_run import StreamedRun
from infer_compare.foreign import one_line
from infer_compare.interfaces.launchers import Beat, Ended, Job, Lines, Lost, Started
from infer_compare.stats.wording import count

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.fleet.events import FleetObserver
    from infer_compare.fleet.ledger import Ledger
    from infer_compare.fleet.records import EndState
    from infer_compare.fleet.schedule import Ending, JobState, Schedule
    from infer_compare.interfaces.launchers import Event, Launcher

WAIT_S = 0.5
"""How long one wait for events takes."""
GRACE_S = 10.0
"""How long a stopped job has to end by itself."""
PATIENCE_S = 5.0
"""How long after that the driver waits for the job's end."""
LOOK_S = 10.0
"""How often machines are listed while a job waits for a kind of machine that is not known."""
INTERRUPTED = 130


class Driver:
    """Drives a fleet from its start to its end, or until it is interrupted."""

    def __init__(
        self,
        folder: Path,
        schedule: Schedule,
        ledger: Ledger,
        launcher: Launcher,
        observer: FleetObserver,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start nothing yet.

        Args:
            folder: of the fleet.
            schedule: its jobs.
            ledger: an open ledger.
            launcher: a connected launcher.
            observer: notified of progress.
            now: returns monotonic seconds.
        """
        self._folder, self._schedule, self._ledger = folder, schedule, ledger
        self._launcher, self._observer, self._now = launcher, observer, now
        self._looked: float | None = None
        self._files: dict[str, StreamedRun] = {}
        self._closings: dict[str, str] = {}
        self._interrupted = False

    def run(self) -> None:
        """Run all waiting jobs, and close the launcher.

        Raises:
            KeyboardInterrupt: the fleet was interrupted, and all jobs were asked to stop; the launcher ends those that did
                not stop in time, or all of them after a second interrupt.
            StorageLost: the folder of the fleet can no longer be written; all jobs were ended.
        """
        self._observer.began(self._schedule)
        try:
            try:
                while self._schedule.is_open:
                    self._step()
            except KeyboardInterrupt:
                self._stop_all()
                raise
        except KeyboardInterrupt as interrupt:  # the first one, or the second
            interrupt.add_note(f"Resume with: {shlex.join(['infer-compare', 'fleet', 'resume', str(self._folder)])}")
            raise
        finally:
            self._close()

    def _step(self) -> None:
        now = self._now()
        if self._looked is None or (now - self._looked >= LOOK_S and self._schedule.starves()):
            self._schedule.know(self._launcher.machines())
            self._looked = now
        for job in list(self._schedule.place(now)):
            self._start(job)
        for job, state, why in list(self._schedule.hopeless(now)):
            self._ended(job, state, why)
        self._listen()
        for job in self._schedule.silent(self._now()):
            self._launcher.stop(job.plan.id, GRACE_S)
            self._ended(job, "lost", "nothing was heard of it any more", how="silent")
            self._looked = None

    def _listen(self) -> None:
        for event in self._launcher.events(WAIT_S):
            job = self._schedule.hear(event, self._now())
            if job is not None:
                self._take(job, event)

    def _start(self, job: JobState) -> None:
        plan, machine = job.plan, job.machine
        assert machine is not None
        self._files[plan.id] = StreamedRun(self._folder / plan.id, job.attempt)
        self._closings.pop(plan.id, None)
        self._ledger.append(AttemptStart(job=plan.id, attempt=job.attempt, at=moment(), machine=machine))
        self._launcher.start(
            Job(
                id=plan.id,
                attempt=job.attempt,
                machine=machine.id,
                argv=plan.argv,
                files={name: Path(path) for name, path in plan.files.items()},
            )
        )
        self._observer.started(job)

    def _take(self, job: JobState, event: Event) -> None:
        match event:
            case Started(facts=facts):
                job.facts = dict(facts)
                self._ledger.append(AttemptFacts(job=job.plan.id, attempt=job.attempt, facts=job.facts))
                if why := refusal(job.plan, job.host, facts):
                    self._launcher.stop(job.plan.id, GRACE_S)
                    self._ended(job, "refused", why, how="stopping")
            case Lines(offset=offset, text=text):
                new = self._files[job.plan.id].take(offset, text)
                if new:
                    self._closings[job.plan.id] = closing_state(new)
                    if (says := progress_of(new)) and says != job.says:
                        job.says = says
                        self._observer.said(job)
            case Beat():
                pass
            case Ended(rc=rc, stderr=stderr):
                state, why = self._outcome(job, rc, stderr)
                self._ended(job, state, why, rc=rc)
            case Lost(why=why):
                self._looked = None
                self._ended(job, "lost", one_line(why, 200), how="vanished")

    def _outcome(self, job: JobState, rc: int, stderr: str) -> tuple[EndState, str]:
        """Return how an attempt ended, and why, after its process has ended."""
        closing = self._closings.get(job.plan.id, "")
        last = one_line(stderr.strip().rsplit("\n", 1)[-1].removeprefix("Error: "), 300).rstrip(".")
        if self._interrupted:
            return "stopped", "interrupted"
        if rc in {0, 1} and closing in {"complete", "stopped"}:
            return ("done", "") if rc == 0 else ("incomplete", "the run left something unanswered; see its report")
        if rc == 0:
            return "lost", "the end of its run file did not arrive"
        if rc < 0 or rc in {INTERRUPTED, 128 + 9, 128 + 15}:
            return "lost", f"its process was ended on the machine (status {rc})"
        return "failed", last or f"it ended with status {rc}"

    def _ended(self, job: JobState, state: EndState, why: str, *, rc: int | None = None, how: Ending = "ended") -> None:
        """Record the end of an attempt, or of a job that was never started."""
        file = self._files.pop(job.plan.id, None)
        if file is not None:
            file.close()
        self._ledger.append(AttemptEnd(job=job.plan.id, attempt=job.attempt, at=moment(), state=state, rc=rc, why=why))
        self._schedule.end(job, state, why, self._now(), how=how)
        self._observer.ended(job, state)

    def _stop_all(self) -> None:
        """Ask all jobs to stop, and wait for them to end; another interrupt ends the waiting."""
        self._interrupted = True
        self._observer.stopping()
        try:
            for job in self._schedule.running:
                self._launcher.stop(job.plan.id, GRACE_S)
            until = self._now() + GRACE_S + PATIENCE_S
            while self._schedule.running and self._now() < until:
                self._listen()
        finally:
            for job in self._schedule.running:
                self._ended(job, "stopped", "interrupted", how="stopping")

    def _close(self) -> None:
        for file in self._files.values():
            file.close()
        try:
            self._launcher.close()
        except KeyboardInterrupt:
            # A second interrupt must not leave jobs behind.
            self._launcher.close()
            raise


def summary(schedule: Schedule) -> str:
    """Return the number of jobs in each state, such as `4 jobs: 3 done, 1 lost`."""
    states = [job.state for job in schedule.jobs.values()]
    numbers = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(sorted(states)))
    return f"{count(len(states), 'job')}: {numbers}"
