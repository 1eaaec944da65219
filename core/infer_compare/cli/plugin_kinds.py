"""What `infer-compare plugin check` finds besides backends: converters, report formats, metrics, data sets and launchers."""

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
    """Return what checks a thing that is no backend; None where the name is a backend's, or nothing's. A plugin that is a
    backend and brings a converter is checked as a backend where nothing is said.

    Args:
        name: of an installed thing, or `FILE.py:NAME`.
        plugins: what is installed.
        kind: one of `KINDS`, where it was said.
        models: files that a converter is given.
        address: of the machines that a launcher is given.

    Raises:
        UsageError: things of several kinds have the name and none was said, or none of the kind has it.
    """
    if kind == "backend" or (kind is None and _is_backend(name, plugins)):
        return None
    file, colon, attribute = name.rpartition(":")
    if colon and file.endswith(".py"):
        return _in_file(Path(file), attribute, address)
    found = _installed(name, plugins, models, address)
    if kind is not None:
        if kind not in found:
            raise UsageError(f"There is no {kind} {name!r}; infer-compare backends lists plugins that are broken.")
        return found[kind]
    if len(kinds := list(found)) > 1:
        raise UsageError(f"{name!r} is {listing([f'a {one}' for one in kinds])}; say which with --kind {kinds[1]}.")
    return next(iter(found.values()), None)


def _installed(name: str, plugins: Plugins, models: Sequence[Path], address: str | None) -> dict[str, Checking]:
    """What checks the things of that name, by kind. A converter is called by its source format, or as its plugin."""
    from infer_compare.fleet.launchers import known_launchers
    from infer_compare.report.reporters import BUILT_IN
    from infer_compare.testing.converters import Sample, check_entry
    from infer_compare.testing.datasets import check_dataset
    from infer_compare.testing.launchers import check_launcher
    from infer_compare.testing.metrics import check_metric
    from infer_compare.testing.reporters import check_reporter

    found: dict[str, Checking] = {}
    samples = [Sample(model) for model in models]
    for entry in plugins.converters:
        if name in {entry.converter.source, entry.origin.plugin}:
            found.setdefault("converter", partial(check_entry, entry, samples))
    for reporter in (*BUILT_IN, *plugins.reporters):
        if reporter.name == name:
            found["reporter"] = partial(check_reporter, reporter)
    for metric in plugins.metrics:
        if metric.name == name:
            found["metric"] = partial(check_metric, metric)
    for own in plugins.datasets:
        if own.dataset.name == name:
            found["dataset"] = partial(check_dataset, own.dataset)
    if (launcher := known_launchers(plugins).get(name)) is not None:
        found["launcher"] = partial(check_launcher, launcher.launcher, address)
    return found


def _in_file(path: Path, name: str, address: str | None) -> Checking | None:
    """What checks a thing of a file; None for a class that may be a backend's.

    Raises:
        UsageError: it is of no kind that can be checked, or a converter, which must be installed.
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
    """Print what came of the checks, a line each; return the exit code."""
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
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
    console.print(Text(f"\n{report.kind} {report.name} {verdict}: {told}.", style="bold"), soft_wrap=True)
    return 0 if report.passed else 1
