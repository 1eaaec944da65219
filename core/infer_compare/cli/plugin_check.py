"""`infer-compare plugin check`: whether a backend keeps the interface's promises."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from infer_compare.cli import stdout
from infer_compare.cli.completing import BACKEND
from infer_compare.cli.installed import installed
from infer_compare.testing.conformance.registry import Group

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.plugins import Plugins
    from infer_compare.testing.conformance import Report, Result, Subject

STYLES = {"passed": "green", "failed": "red", "skipped": "dim", "known_gap": "yellow", "gap_closed": "red"}


@click.command("check")
@click.argument("name", metavar="NAME|FILE.py:Class", shell_complete=BACKEND)
@click.option(
    "--group",
    "groups",
    multiple=True,
    type=click.Choice(get_args(Group)),
    help="Run only this group of checks. Repeatable.",
)
@click.option(
    "--slow/--fast", "slow", default=None, help="Run only the slow checks, or only the others.  [default: all]"
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def check(settings: dict[str, Any], *, name: str, groups: tuple[Group, ...], slow: bool | None, as_json: bool) -> int:
    """Run the conformance kit on an installed backend, or on a class in a file.

    The class may be a backend, or a test class derived from BackendConformance, which can add models, recorded errors and
    known gaps. Checks that need the framework are skipped if it is not installed.

    Exit codes: 0 no check failed; 1 a check failed, or a known gap is closed; 2 usage error.
    """
    from infer_compare.testing.conformance import check_backend
    from infer_compare.testing.conformance.registry import GROUPS

    with _subject(name, installed(settings)) as subject, _progress(quiet=as_json) as watch:
        report = check_backend(subject, groups=groups or GROUPS, slow=slow, watch=lambda one: watch(one.name))
    if as_json:
        stdout.document(report)
    else:
        _print(report)
    return 0 if report.passed else 1


def _subject(name: str, plugins: Plugins) -> Subject:
    """What is to be checked.

    Raises:
        UnknownBackend: there is no such backend, file or class.
        BackendUnusable: its plugin or file cannot be imported.
    """
    from infer_compare.errors import BackendUnusable
    from infer_compare.interfaces import Backend
    from infer_compare.plugins import PluginFailed, guarded
    from infer_compare.plugins.backend_files import load_file_backend
    from infer_compare.testing.conformance import BackendConformance, Subject

    file, colon, class_name = name.rpartition(":")
    if not colon or not file.endswith(".py"):
        entry = plugins.find(name)
        return Subject(entry.backend, reference=entry.reference)
    found: type[Any] = load_file_backend(Path(file), class_name)
    try:
        with guarded(f"reading the class {class_name} of {file}"):
            if issubclass(found, BackendConformance):
                return found.subject()
            is_backend = issubclass(found, Backend)
    except PluginFailed as failure:
        raise BackendUnusable(f"{class_name} of {file} cannot be checked: it raised {failure}.") from failure
    if not is_backend:
        raise BackendUnusable(
            f"{class_name} of {file} is not a subclass of infer_compare.backends.Backend or of BackendConformance; derive it "
            "from one of them."
        )
    return Subject(found, reference=f"file:{Path(file).resolve()}:{class_name}")


@contextlib.contextmanager
def _progress(*, quiet: bool) -> Iterator[Any]:
    """Tells on a terminal which check runs."""
    from rich.console import Console

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda _: None
    else:
        with console.status("") as status:
            yield status.update


def _print(report: Report) -> None:
    from rich.table import Table
    from rich.text import Text

    from infer_compare.testing.conformance.registry import CHECKS

    table = Table(box=None, pad_edge=False)
    for title in ("group", "check", "outcome"):
        table.add_column(title, no_wrap=True)
    table.add_column("")
    counts = dict.fromkeys(STYLES, 0)
    group = ""
    for one in report.results:
        outcome = one.__struct_config__.tag
        assert isinstance(outcome, str)
        counts[outcome] += 1
        text = _explanation(one) or CHECKS[one.check].sentence
        table.add_row(
            Text(one.group if one.group != group else "", style="bold"),
            Text(one.check),
            Text(outcome.replace("_", " "), style=STYLES[outcome]),
            Text(text, style="" if outcome in {"failed", "gap_closed"} else "dim"),
        )
        group = one.group
    console = stdout.console(highlight=False)
    console.print(table)
    told = ", ".join(f"{count} {outcome.replace('_', ' ')}" for outcome, count in counts.items() if count)
    verdict = "passes" if report.passed else "fails"
    console.print(Text(f"\n{report.backend or report.reference} {verdict}: {told or 'no check ran'}.", style="bold"))


def _explanation(result: Result) -> str:
    from infer_compare.testing.conformance import Failed, GapClosed, KnownGap, Passed, Skipped

    match result:
        case Passed():
            return ""
        case Failed(reason=reason) | Skipped(reason=reason):
            return reason
        case KnownGap(reason=reason, seen=seen):
            return f"{reason} ({seen})"
        case GapClosed(reason=reason):
            return f"The check passes although a gap is declared ({reason}); remove it from known_gaps."
