"""Live progress of a fleet on standard error: a table of its jobs in a terminal, else a line for each change."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import IO, TYPE_CHECKING, Any, Self, cast

import msgspec

from infer_compare.cli.progress import Lasting
from infer_compare.fleet.events import FleetObserver
from infer_compare.foreign import one_line
from infer_compare.stats.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.table import Table

    from infer_compare.fleet.schedule import JobState, Schedule

SELDOM_S = 1.0
"""Between two drawings: a job may run on this very machine."""
MOST_ROWS = 40
STYLES = {"done": "green", "running": "bold", "waiting": "dim", "incomplete": "yellow"}


class JobTable(FleetObserver):
    """A table of jobs at the bottom of a terminal."""

    def __init__(self, console: Console) -> None:
        """Draw on a console when a fleet begins."""
        from rich.live import Live

        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._drawn = 0.0
        self._schedule: Schedule | None = None

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._schedule is not None:
            self._draw()
            table = self._table(self._schedule)
            self._live.stop()
            self._console.print(table)
        else:
            self._live.stop()

    def began(self, schedule: Schedule) -> None:
        """Draw all jobs."""
        self._schedule = schedule
        self._draw()

    def started(self, job: JobState) -> None:  # noqa: ARG002 - the table has all jobs
        """Draw."""
        self._draw()

    def said(self, job: JobState) -> None:  # noqa: ARG002 - as above
        """Draw, but not often."""
        if time.monotonic() - self._drawn >= SELDOM_S:
            self._draw()

    def ended(self, job: JobState, state: str) -> None:  # noqa: ARG002 - as above
        """Draw."""
        self._draw()

    def stopping(self) -> None:
        """Say so."""
        self._console.print("Stopping all jobs; press Ctrl-C again to kill them.", highlight=False)

    def _draw(self) -> None:
        if self._schedule is not None:
            self._drawn = time.monotonic()
            self._live.update(self._table(self._schedule), refresh=True)

    def _table(self, schedule: Schedule) -> Table:
        """All jobs; of very many, those that run come first."""
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, header_style="dim")
        for title in ("job", "machine", "state", "attempts", "last"):
            table.add_column(title, justify="right" if title == "attempts" else "left", no_wrap=True)
        jobs = list(schedule.jobs.values())
        if len(jobs) > MOST_ROWS:
            jobs.sort(key=lambda job: job.state != "running")
        for job in jobs[:MOST_ROWS]:
            style = STYLES.get(job.state, "red")
            cells = (job.plan.id, job.host or job.plan.kind, job.state, str(job.attempt), job.why or job.says)
            table.add_row(
                *(Text(one_line(cell), style=style if place == 2 else "") for place, cell in enumerate(cells))
            )
        if len(jobs) > MOST_ROWS:
            table.add_row(Text(f"{count(len(jobs) - MOST_ROWS, 'more job')}", style="dim"))
        return table


class JobLines(FleetObserver):
    """A line for each change of a job's state, for files and pipes."""

    def __init__(self, file: IO[str]) -> None:
        """Write to a file."""
        self._file = file

    def began(self, schedule: Schedule) -> None:
        """Say how many jobs there are."""
        self._write(count(len(schedule.jobs), "job"))

    def started(self, job: JobState) -> None:
        """Say where it runs."""
        again = f", attempt {job.attempt}" if job.attempt > 1 else ""
        self._write(f"{job.plan.id}: started on {job.host}{again}")

    def ended(self, job: JobState, state: str) -> None:
        """Say how it ended."""
        why = f" ({one_line(job.why)})" if job.why else ""
        again = "; it is tried again" if job.state == "waiting" else ""
        self._write(f"{job.plan.id}: {state}{why}{again}")

    def stopping(self) -> None:
        """Say so."""
        self._write("Stopping all jobs; press Ctrl-C again to kill them.")

    def _write(self, line: str) -> None:
        self._file.write(f"{line}\n")
        self._file.flush()


class JobEvents(FleetObserver):
    """Each change as one line of JSON, for programs; `event` is its name, `elapsed_s` the time since the beginning."""

    def __init__(self, file: IO[str]) -> None:
        """Write to a file."""
        self._file = file
        self._began = time.monotonic()

    def began(self, schedule: Schedule) -> None:
        """Write `began`."""
        self._write("began", jobs=[job.plan.id for job in schedule.jobs.values()])

    def started(self, job: JobState) -> None:
        """Write `started`."""
        self._write("started", job=job.plan.id, attempt=job.attempt, machine=job.host)

    def said(self, job: JobState) -> None:
        """Write `said`."""
        self._write("said", job=job.plan.id, attempt=job.attempt, text=job.says)

    def ended(self, job: JobState, state: str) -> None:
        """Write `ended`."""
        self._write(
            "ended", job=job.plan.id, attempt=job.attempt, state=state, why=job.why, again=job.state == "waiting"
        )

    def stopping(self) -> None:
        """Write `stopping`."""
        self._write("stopping")

    def _write(self, event: str, **fields: Any) -> None:  # noqa: ANN401 - whatever an event has
        record = {"event": event, "elapsed_s": round(time.monotonic() - self._began, 3), **fields}
        self._file.write(f"{msgspec.json.encode(record).decode()}\n")
        self._file.flush()


@contextlib.contextmanager
def job_progress(*, quiet: bool, as_json: bool) -> Iterator[FleetObserver]:
    """Give an observer for the time of a fleet.

    Args:
        quiet: show nothing.
        as_json: write lines of JSON and nothing else.
    """
    file = cast("IO[str]", Lasting(sys.stderr))
    if as_json:
        yield JobEvents(file)
        return
    if quiet:
        yield FleetObserver()
        return
    from rich.console import Console

    console = Console(file=file, stderr=True)
    if not console.is_terminal:
        yield JobLines(file)
        return
    with JobTable(console) as table:
        yield table
