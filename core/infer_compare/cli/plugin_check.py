"""`infer-compare plugin check`: runs the conformance kit on a backend or another plugin."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from infer_compare.cli import stdout
from infer_compare.cli.check_progress import progress
from infer_compare.cli.completing import BACKEND
from infer_compare.cli.flags import AS_JSON
from infer_compare.cli.installed import installed
from infer_compare.cli.plugin_kinds import KINDS, checking_of, show
from infer_compare.errors import UsageError
from infer_compare.testing.conformance.registry import Group

if TYPE_CHECKING:
    from infer_compare.plugins import Plugins
    from infer_compare.testing.conformance import Subject


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
@click.option(
    "--onnx",
    "coverage",
    is_flag=True,
    help="In place of the checks, run the node tests of the onnx package and the built-in models.",
)
@click.option(
    "--jobs", type=click.IntRange(1), metavar="N", help="With --onnx: processes at a time.  [default: one per core]"
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FOLDER|FILE.md",
    help="With --onnx: write a page of Markdown there; in a folder it is called coverage.md.",
)
@click.option("--kind", type=click.Choice(KINDS), help="What NAME is, where things of several kinds have it.")
@click.option(
    "--model",
    "models",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A model file that a converter is checked with. Repeatable.",
)
@click.option("--address", metavar="ADDRESS", help="Of the machines that a launcher is checked with.")
@AS_JSON
@click.pass_obj
def check(
    settings: dict[str, Any],
    *,
    name: str,
    groups: tuple[Group, ...],
    slow: bool | None,
    coverage: bool,
    jobs: int | None,
    output: Path | None,
    kind: str | None,
    models: tuple[Path, ...],
    address: str | None,
    as_json: bool,
) -> int:
    """Run the conformance kit on an installed backend, or on a class in a file.

    Converters (by their source format), report formats, metrics, data sets and launchers have checks of their own.

    The class may be a backend, or a test class derived from BackendConformance, which can add models, recorded errors and
    known gaps. Checks that need the framework are skipped if it is not installed.

    With --onnx, the backend is given every node test of the onnx package and every built-in model, in parallel processes.
    It may refuse what it does not support.

    Exit codes: 0 no check failed, or every ONNX case is right or refused; 1 a check failed, a known gap is closed, or an
    ONNX case is wrong, crashes or takes too long; 2 usage error.
    """
    if coverage and (groups or slow is not None):
        raise UsageError("--onnx runs no checks; leave out --group, --slow and --fast.")
    if not coverage and (jobs is not None or output is not None):
        raise UsageError("--jobs and --output belong to --onnx; add --onnx, or leave them out.")
    plugins = installed(settings)
    other = checking_of(name, plugins, kind, models, address)
    if other is not None:
        if groups or coverage or slow is not None:
            raise UsageError(f"{name} is no backend; leave out --group, --slow, --fast and --onnx.")
        return show(other(), as_json=as_json)
    if address is not None:
        raise UsageError(f"--address is for launchers, and {name} is a backend; leave it out.")
    if models:
        raise UsageError("--model is for converters; a backend's own models stand in its test class.")
    with _subject(name, plugins) as subject:
        if coverage:
            from infer_compare.cli.onnx_coverage import cover

            return cover(subject, jobs=jobs, output=output, as_json=as_json)
        return _run_checks(subject, groups, slow, as_json=as_json)


def _run_checks(subject: Subject, groups: tuple[Group, ...], slow: bool | None, *, as_json: bool) -> int:
    from infer_compare.cli.check_report import print_report
    from infer_compare.testing.conformance import check_backend
    from infer_compare.testing.conformance.registry import GROUPS

    with progress(quiet=as_json) as watch:
        report = check_backend(subject, groups=groups or GROUPS, slow=slow, watch=lambda check: watch(check.name))
    if as_json:
        stdout.document(report)
    else:
        print_report(report)
    return 0 if report.passed else 1


def _subject(name: str, plugins: Plugins) -> Subject:
    """Return the backend to check.

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
    cls: type[Any] = load_file_backend(Path(file), class_name)
    try:
        with guarded(f"reading the class {class_name} of {file}"):
            if issubclass(cls, BackendConformance):
                return cls.subject()
            is_backend = issubclass(cls, Backend)
    except PluginFailed as failure:
        raise BackendUnusable(f"{class_name} of {file} cannot be checked: it raised {failure}.") from failure
    if not is_backend:
        raise BackendUnusable(
            f"{class_name} of {file} is not a subclass of infer_compare.backends.Backend or of BackendConformance; derive it "
            "from one of them."
        )
    return Subject(cls, reference=f"file:{Path(file).resolve()}:{class_name}")
