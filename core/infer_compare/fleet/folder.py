"""The folder of a fleet: created from a request, and read back to resume or report the fleet."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from infer_compare.errors import StoreError, UsageError
from infer_compare.fleet.jobs import planned_jobs
from infer_compare.fleet.ledger import FILE, Ledger, read_ledger, taken
from infer_compare.fleet.records import FINAL, Asked, AttemptEnd, AttemptFacts, AttemptStart, moment
from infer_compare.fleet.schedule import JobState
from infer_compare.fleet.shipment import FOLDER, missing_files
from infer_compare.paths import exists
from infer_compare.stats.wording import listing
from infer_compare.store import FILE as RUN_FILE
from infer_compare.store import begun
from infer_compare.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from infer_compare.fleet.fleet_file import FleetRequest
    from infer_compare.fleet.records import AnyEntry
    from infer_compare.interfaces.launchers import Machine
    from infer_compare.plugins import Plugins

PAGE = "report.html"
"""File name of a report page: of a run in the run's folder, and of the fleet in the fleet's folder."""


def begin(
    request: FleetRequest, machines: Sequence[Machine], folder: Path, plugins: Plugins, command: Sequence[str] = ()
) -> Asked:
    """Make the folder of a new fleet, and return the first line of its ledger.

    Args:
        request: the fleet to make.
        machines: those of the launcher.
        folder: to make; left as it was if an error occurs.
        plugins: provide models and formats.
        command: the command line as typed.

    Raises:
        UsageError: a selector chooses no machine, or a file is missing.
        StoreError: the folder already holds a fleet or cannot be made, or its disk is full.
    """
    if exists(folder / FILE):
        raise taken(folder)
    _require_free(folder, (FOLDER, PAGE, RUN_FILE))
    new = not exists(folder)
    try:
        jobs, shipments = planned_jobs(request, machines, folder, plugins)
        folder.mkdir(parents=True, exist_ok=True)
        for shipment in shipments:
            shipment.write()
        _require_free(folder, [job.id for job in jobs])
        asked = Asked(
            created=moment(),
            tool_version=__version__,
            command=tuple(command),
            launcher=request.launcher,
            address=request.address,
            machines=request.machines,
            per=request.per,
            attempts=request.attempts,
            jobs=tuple(jobs),
        )
        with begun(Ledger(folder, create=True)) as ledger:
            ledger.append(asked)
    except OSError as error:
        raise StoreError(f"The folder {folder} cannot be made: {error.strerror}; choose another with -o.") from error
    except BaseException:
        if new:
            shutil.rmtree(folder, ignore_errors=True)
        elif not exists(folder / FILE):
            shutil.rmtree(folder / FOLDER, ignore_errors=True)
        raise
    return asked


def _require_free(folder: Path, names: Sequence[str]) -> None:
    present = [name for name in names if exists(folder / name)]
    if present:
        raise StoreError(f"{folder} already holds {listing(present[:4])}; choose another folder with -o.")


def job_states(asked: Asked, entries: Iterable[AnyEntry]) -> list[JobState]:
    """Return the states of a fleet's jobs by its ledger; a job whose attempt has no end is waiting."""
    jobs = {plan.id: JobState(plan=plan) for plan in asked.jobs}
    for entry in entries:
        job = jobs.get(entry.job) if not isinstance(entry, Asked) else None
        if job is None:
            continue
        match entry:
            case AttemptStart(attempt=attempt, machine=machine):
                job.attempt, job.machine, job.state, job.why, job.facts = attempt, machine, "waiting", "", {}
            case AttemptFacts(facts=facts):
                job.facts = facts
            case AttemptEnd(state=state, why=why) if job.state not in FINAL:
                # An interrupt just after the end of an attempt was recorded may be recorded as a second end.
                job.state, job.why = state, why
            case _:
                pass
    return list(jobs.values())


def to_resume(asked: Asked, entries: Iterable[AnyEntry], now: float, *, incomplete: bool = False) -> list[JobState]:
    """Return the jobs of a fleet, with those set to waiting that have not finished.

    Args:
        asked: the first line of the fleet's ledger.
        entries: the other entries of the ledger.
        now: monotonic seconds.
        incomplete: whether to also repeat jobs whose run left something unanswered.

    Raises:
        UsageError: a file that a job needs is no longer there.
    """
    jobs = job_states(asked, entries)
    for job in jobs:
        if job.state not in FINAL or (incomplete and job.state == "incomplete"):
            if missing := missing_files(job.plan.files):
                raise UsageError(
                    f"The job {job.plan.id} needs {listing(missing)}, which {'is' if len(missing) == 1 else 'are'} not "
                    "there any more; put it back, or begin a new fleet."
                )
            job.state = "waiting"
        job.since = now
    return jobs


def read(folder: Path) -> tuple[Asked, list[JobState]]:
    """Return the first line of a fleet's ledger, and the states of its jobs.

    Raises:
        StoreError: see `read_ledger`.
    """
    asked, entries = read_ledger(folder)
    return asked, job_states(asked, entries)
