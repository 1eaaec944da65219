"""`infer-compare fleet`: the same runs on many machines."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from infer_compare.cli import stdout
from infer_compare.cli.completing import formats_of
from infer_compare.cli.documents import document_options
from infer_compare.cli.flags import DEBUG, JSON_PROGRESS, address_option, flags
from infer_compare.cli.fleet_machines import machines
from infer_compare.cli.installed import installed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.cli.options import Command
    from infer_compare.fleet.fleet_file import FleetRequest
    from infer_compare.fleet.ledger import Ledger
    from infer_compare.fleet.schedule import JobState
    from infer_compare.interfaces.launchers import Launcher


def showing(function: Command) -> Command:
    """Add the flags that say how a fleet shows its progress."""
    return flags(JSON_PROGRESS, click.option("-q", "--quiet", is_flag=True, help="Show no progress."), DEBUG)(function)


@click.group("fleet")
def command() -> None:
    """Run models on many machines: each job is one whole run on one machine."""


command.add_command(machines)


@command.command("run")
@click.argument("file", metavar="FLEET.TOML", type=click.Path(path_type=Path))
@click.option("-o", "--output", "folder", type=click.Path(path_type=Path), help="Folder.  [default: runs/<time>-fleet]")
@click.option("--launcher", metavar="NAME", help="Launcher, in place of that of the file.")
@address_option("in place of that of the file")
@showing
@click.pass_obj
def run(
    settings: dict[str, Any],
    *,
    file: Path,
    folder: Path | None,
    launcher: str | None,
    address: str | None,
    json_progress: bool,
    quiet: bool,
    debug: bool,  # noqa: ARG001 - read before parsing
) -> int:
    """Run every model of FLEET.TOML on every kind of machine there, and write one page over all runs.

    Exit codes: 0 all jobs done; 1 a job was lost, failed, or left something unanswered; 2 usage error, or the machines cannot
    be reached; 130 interrupted, finished jobs are kept.
    """
    import msgspec

    from infer_compare.fleet.fleet_file import read_fleet
    from infer_compare.store import default_folder

    request = read_fleet(file)
    request = msgspec.structs.replace(
        request, launcher=launcher or request.launcher, address=address or request.address
    )
    place = folder or default_folder("fleet")
    return run_fleet(request, place, settings, quiet=quiet, json_progress=json_progress)


def run_fleet(request: FleetRequest, place: Path, settings: dict[str, Any], *, quiet: bool, json_progress: bool) -> int:
    """Run a new fleet, print what came of it, and return the exit code.

    Args:
        request: what is asked for.
        place: the folder to make.
        settings: of the command line.
        quiet: show no progress.
        json_progress: write progress as JSON.

    Raises:
        UsageError: the machines cannot be reached, or what is asked for cannot be done there.
    """
    from infer_compare.cli.run import typed_command
    from infer_compare.fleet.folder import begin
    from infer_compare.fleet.ledger import Ledger
    from infer_compare.fleet.reaching import reached
    from infer_compare.fleet.schedule import JobState

    plugins = installed(settings)
    with reached(request.launcher, request.address, plugins) as (launcher, known):
        asked = begin(request, known, place, plugins, typed_command())
        jobs = [JobState(plan=plan, since=time.monotonic()) for plan in asked.jobs]
        with Ledger(place, create=False) as ledger:
            _drive(place, jobs, asked.attempts, ledger, launcher, quiet=quiet, json_progress=json_progress)
    return _tell(place, settings)


@command.command("resume")
@click.argument("folder", type=click.Path(path_type=Path))
@address_option("where that has changed")
@click.option("--incomplete", is_flag=True, help="Also run jobs again that left something unanswered.")
@showing
@click.pass_obj
def resume(
    settings: dict[str, Any],
    *,
    folder: Path,
    address: str | None,
    incomplete: bool,
    json_progress: bool,
    quiet: bool,
    debug: bool,  # noqa: ARG001 - read before parsing
) -> int:
    """Run the jobs of the fleet in FOLDER that are missing: not started, interrupted, lost or failed.

    Exit codes: as those of `fleet run`.
    """
    from infer_compare.fleet.folder import to_resume
    from infer_compare.fleet.ledger import Ledger, read_ledger
    from infer_compare.fleet.reaching import reached

    plugins = installed(settings)
    read_ledger(folder)
    with Ledger(folder, create=False) as ledger:
        asked, entries = read_ledger(folder)
        jobs = to_resume(asked, entries, time.monotonic(), incomplete=incomplete)
        if any(job.state == "waiting" for job in jobs):
            with reached(asked.launcher, address or asked.address, plugins) as (launcher, _):
                _drive(folder, jobs, asked.attempts, ledger, launcher, quiet=quiet, json_progress=json_progress)
    return _tell(folder, settings)


def _drive(
    folder: Path,
    jobs: Sequence[JobState],
    attempts: int,
    ledger: Ledger,
    launcher: Launcher,
    *,
    quiet: bool,
    json_progress: bool,
) -> None:
    from infer_compare.cli.fleet_progress import job_progress
    from infer_compare.fleet.drive import Driver
    from infer_compare.fleet.schedule import Schedule

    with job_progress(quiet=quiet, as_json=json_progress) as observer:
        Driver(folder, Schedule(jobs, attempts), ledger, launcher, observer).run()


def _tell(folder: Path, settings: dict[str, Any]) -> int:
    """Write the page over the runs, print what came of them, and return the exit code."""
    from infer_compare.cli.documents import print_document
    from infer_compare.fleet.records import FINAL
    from infer_compare.fleet.report import report_of, write_pages
    from infer_compare.report.fleet import FORMATS

    made = report_of(folder)
    page = write_pages(folder, made, installed(settings))
    print_document(made, FORMATS)
    stdout.echo(f"\nPage over the runs: {page}")
    if made.is_complete:
        return 0
    # What ended and left something unanswered is run again only where that is asked for.
    again = [] if any(job.state not in FINAL for job in made.jobs) else ["--incomplete"]
    words = ["infer-compare", "fleet", "resume", str(folder), *again]
    click.echo(f"Run what is {'unanswered' if again else 'missing'} with: {shlex.join(words)}", err=True)
    return 1


@command.command("report")
@click.argument("folder", type=click.Path(path_type=Path))
@document_options(formats_of("fleet"), "text, markdown, html, json or csv", "fleet.html")
def report(*, folder: Path, name: str | None, output: Path | None, force: bool, as_json: bool) -> None:
    """Show the fleet in FOLDER, complete or not: the best of each machine, and what samples cost there."""
    from infer_compare.cli.documents import destination_of, show
    from infer_compare.fleet.report import report_of
    from infer_compare.report.fleet import FORMATS

    example = shlex.join(["infer-compare", "fleet", "report", str(folder)])
    destination = destination_of(FORMATS, output, name, as_json=as_json, force=force, example=example)
    # Links lead to pages from where the report will lie.
    made = report_of(folder, destination.target.parent if destination.target is not None else None)
    show(made, FORMATS, destination, "Report")
