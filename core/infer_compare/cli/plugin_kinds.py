"""The checks of plugins other than backends: converters, report formats, metrics, data sets and launchers."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare.errors import BackendUnusable, UnknownBackend, UsageError
from infer_compare.stats.wording import listing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.plugins import Plugins
    from infer_compare.testing.checking import PluginReport

    Checking = Callable[[], PluginReport]

KINDS = ("backend", "converter", "reporter", "metric", "dataset", "launcher")


def checking_of(
    name: str, plugins: Plugins, kind: str | None, models: Sequence[Path], address: str | None = None
) -> Checking | None:
    """Return the check of a plugin that is not a backend; None if the name belongs to a backend or to nothing. Without
    `kind`, a plugin with both a backend and a converter is checked as a backend.

    Args:
        name: the name of an installed plugin, or `FILE.py:NAME`.
        plugins: the installed plugins.
        kind: one of `KINDS`, if given.
        models: model files for a converter.
        address: the address of the machines for a launcher.

    Raises:
        UsageError: the name is ambiguous without `kind`, or nothing of the kind has it.
    """
    if kind == "backend" or (kind is None and _is_backend(name, plugins)):
        return None
    file, colon, attribute = name.rpartition(":")
    if colon and file.endswith(".py"):
        return _in_file(Path(file), attribute, address)
    checks = _installed(name, plugins, models, address)
    if kind is not None:
        if kind not in checks:
            raise UsageError(f"There is no {kind} {name!r}; infer-compare backends lists plugins that are broken.")
        return checks[kind]
    if len(kinds := list(checks)) > 1:
        raise UsageError(f"{name!r} is {listing([f'a {other}' for other in kinds])}; say which with --kind {kinds[1]}.")
    return next(iter(checks.values()), None)


def _installed(name: str, plugins: Plugins, models: Sequence[Path], address: str | None) -> dict[str, Checking]:
    """Return the checks of that name, by kind. The name of a converter is its source format or that of its plugin."""
    from infer_compare.fleet.launchers import known_launchers
    from infer_compare.report.reporters import BUILT_IN
    from infer_compare.testing.converters import Sample, check_entry
    from infer_compare.testing.datasets import check_dataset
    from infer_compare.testing.launchers import check_launcher
    from infer_compare.testing.metrics import check_metric
    from infer_compare.testing.reporters import check_reporter

    checks: dict[str, Checking] = {}
    samples = [Sample(model) for model in models]
    for entry in plugins.converters:
        if name in {entry.converter.source, entry.origin.plugin}:
            checks.setdefault("converter", partial(check_entry, entry, samples))
    for reporter in (*BUILT_IN, *plugins.reporters):
        if reporter.name == name:
            checks["reporter"] = partial(check_reporter, reporter)
    for metric in plugins.metrics:
        if metric.name == name:
            checks["metric"] = partial(check_metric, metric)
    for dataset in plugins.datasets:
        if dataset.dataset.name == name:
            checks["dataset"] = partial(check_dataset, dataset.dataset)
    if (launcher := known_launchers(plugins).get(name)) is not None:
        checks["launcher"] = partial(check_launcher, launcher.launcher, address)
    return checks


def _in_file(path: Path, name: str, address: str | None) -> Checking | None:
    """Return the check of an object in a file; None for a class that may be a backend.

    Raises:
        UsageError: the object is of no kind that can be checked, or a converter, which must be installed.
    """
    from infer_compare.interfaces import BuiltinDataset, Converter, Metric
    from infer_compare.plugins.backend_files import load_file
    from infer_compare.testing.datasets import check_dataset
    from infer_compare.testing.launchers import check_launcher
    from infer_compare.testing.metrics import check_metric
    from infer_compare.testing.reporters import check_reporter

    thing = getattr(load_file(path), name, None)
    match thing:
        case Metric():
            return lambda: check_metric(thing)
        case BuiltinDataset():
            return lambda: check_dataset(thing)
        case Converter():
            raise UsageError(
                f"{name} of {path} is a converter, which runs in a process that must find it: install its plugin."
            )
        case type() if callable(getattr(thing, "render", None)):
            return lambda: check_reporter(thing())
        case type() if callable(getattr(thing, "machines", None)):
            return lambda: check_launcher(thing, address)
        case type() | None:
            return None
        case _ if callable(getattr(thing, "render", None)):
            return lambda: check_reporter(thing)
        case _:
            raise UsageError(f"{name} of {path} is none of {listing(KINDS)}.")


def _is_backend(name: str, plugins: Plugins) -> bool:
    try:
        plugins.find(name)
    except BackendUnusable:
        return True
    except UnknownBackend:
        return False
    return True


def show(report: PluginReport, *, as_json: bool) -> int:
    """Print the results of the checks, one per line, and return the exit code."""
    from rich.text import Text

    from infer_compare.cli import stdout
    from infer_compare.testing.conformance.results import Failed, Skipped

    if as_json:
        stdout.document(report)
        return 0 if report.passed else 1
    styles = {"passed": "green", "failed": "red", "skipped": "dim"}
    console = stdout.console(highlight=False)
    counts = dict.fromkeys(styles, 0)
    without: dict[str, list[str]] = {}
    for result in report.results:
        outcome = str(result.__struct_config__.tag)
        counts[outcome] += 1
        line = Text.assemble((f"{outcome:8}", styles[outcome]), f"{result.check}: {report.sentences[result.check]}")
        console.print(line, soft_wrap=True)
        match result:
            case Failed(reason=reason):
                console.print(Text(f"        {reason}"), soft_wrap=True)
            case Skipped(check=check, reason=reason):
                without.setdefault(reason, []).append(check)
    for reason, checks in without.items():
        console.print(Text(f"\nskipped {', '.join(checks)}: {reason}", style="dim"), soft_wrap=True)
    verdict = "passes" if report.passed else "fails"
    words = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
    console.print(Text(f"\n{report.kind} {report.name} {verdict}: {words}.", style="bold"), soft_wrap=True)
    return 0 if report.passed else 1
