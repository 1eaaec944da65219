"""The report of a fleet, made from the runs in its folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from infer_compare.errors import StoreError
from infer_compare.fleet.fitness import cautions
from infer_compare.fleet.folder import PAGE, read
from infer_compare.report import document, find_reporter, render
from infer_compare.report.files import write_report
from infer_compare.report.fleet import FORMATS, FleetDocument, JobFacts
from infer_compare.report.fleet import document as fleet_document
from infer_compare.stats.wording import count
from infer_compare.store import FILE, load

if TYPE_CHECKING:
    from pathlib import Path

    from infer_compare.fleet.schedule import JobState
    from infer_compare.plugins import Plugins
    from infer_compare.report import ReportDocument


def report_of(folder: Path, beside: Path | None = None) -> FleetDocument:
    """Return the report document of a fleet, which may still be unfinished.

    Args:
        folder: of the fleet.
        beside: the folder of the report, for relative links to the pages of runs; None for the folder of the fleet.

    Raises:
        StoreError: the folder holds no fleet, or its ledger cannot be read.
    """
    asked, jobs = read(folder)
    runs: dict[str, ReportDocument] = {}
    for job in jobs:
        try:
            runs[job.plan.id] = document(load(folder / job.plan.id), explorable=False)
        except StoreError:
            # The run has not begun, or its first line has not arrived.
            continue
    return fleet_document(
        [_facts(job, folder, beside or folder, runs.get(job.plan.id)) for job in jobs],
        runs,
        {job.plan.id: job.plan.price for job in jobs if job.plan.price is not None},
        created=asked.created,
        launcher=asked.launcher,
    )


def write_pages(folder: Path, made: FleetDocument, plugins: Plugins) -> Path:
    """Write the missing and outdated pages of runs and the page of the fleet; return the path of the latter.

    Args:
        folder: of the fleet.
        made: its report document.
        plugins: provide the report format.

    Raises:
        UsageError: a page cannot be written.
    """
    html = find_reporter("html", plugins)
    for job in made.jobs:
        place = folder / job.job
        if job.page and _is_stale(place):
            write_report(place / PAGE, render(html, document(load(place))), force=True)
    path = folder / PAGE
    write_report(path, FORMATS.render("html", made), force=True)
    return path


def _is_stale(place: Path) -> bool:
    """Return whether the page of a run is missing, or older than its records."""
    page = place / PAGE
    return not page.exists() or page.stat().st_mtime_ns < (place / FILE).stat().st_mtime_ns


def _facts(job: JobState, folder: Path, beside: Path, run: ReportDocument | None) -> JobFacts:
    facts, machine = job.facts, job.machine
    labels = machine.labels if machine is not None else {}
    page = os.path.relpath(folder / job.plan.id / PAGE, beside) if run is not None else ""
    return JobFacts(
        job=job.plan.id,
        model=job.plan.model,
        machine=job.plan.kind,
        host=job.host,
        cpu=facts.get("cpu") or labels.get("cpu", ""),
        labels=dict(job.plan.labels),
        state="waiting" if job.state == "running" else job.state,
        why=_unanswered(run) if job.state == "incomplete" and run is not None else job.why,
        attempts=job.attempt,
        page=page,
        cautions=tuple(cautions(facts)),
    )


def _unanswered(run: ReportDocument) -> str:
    """Return what an incomplete run left unanswered, as a clause."""
    first, *others = run.shortcomings or ("The run left something unanswered; see its page.",)
    more = f", and {count(len(others), 'more thing')}" if others else ""
    return f"{first[:1].lower()}{first[1:].rstrip('.')}{more}"
