"""Finds built-in and plugin report formats by name, and renders reports with them."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from infer_compare.errors import InferCompareError, UsageError
from infer_compare.interfaces.hooks import ReporterOfMany
from infer_compare.plugins.entries import is_installed
from infer_compare.plugins.guard import PluginFailed, guarded
from infer_compare.report.benchmark_action import BenchmarkActionReporter
from infer_compare.report.csv import CsvReporter
from infer_compare.report.html import HtmlReporter
from infer_compare.report.json import JsonReporter
from infer_compare.report.markdown import MarkdownReporter
from infer_compare.report.parquet import ParquetReporter
from infer_compare.report.picture import PngReporter, SvgReporter
from infer_compare.report.text import TextReporter
from infer_compare.stats.wording import listing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.interfaces import Reporter
    from infer_compare.plugins import Plugins
    from infer_compare.report.schema import ReportDocument

BUILT_IN: tuple[Reporter, ...] = (
    TextReporter(),
    MarkdownReporter(),
    HtmlReporter(),
    CsvReporter(),
    JsonReporter(),
    ParquetReporter(),
    PngReporter(),
    SvgReporter(),
    BenchmarkActionReporter(),
)


def find_reporter(name: str, plugins: Plugins) -> Reporter:
    """Return the reporter of that name; built-in names take precedence over those of plugins.

    Raises:
        UsageError: there is no such format (the message names the nearest and all names), or a required package is missing.
    """
    known: dict[str, Reporter] = {}
    for reporter in (*BUILT_IN, *plugins.reporters):
        known.setdefault(reporter.name, reporter)
    if name in known:
        _check_installed(known[name])
        return known[name]
    near = difflib.get_close_matches(name.lower(), known, 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise UsageError(f"There is no report format {name!r}.{hint} Known: {', '.join(known)}.")


def endings(plugins: Plugins) -> dict[str, str]:
    """Return the file suffix of each format, by the format's name; built-in formats first."""
    known: dict[str, str] = {}
    for reporter in (*BUILT_IN, *plugins.reporters):
        known.setdefault(reporter.name, reporter.suffix)
    return known


def render(reporter: Reporter, document: ReportDocument) -> str | bytes:
    """Return the document in the reporter's format.

    Raises:
        InferCompareError: the reporter raised, or returned neither text nor bytes.
    """
    return _checked(reporter, lambda: reporter.render(document))


def render_many(reporter: Reporter, documents: Sequence[ReportDocument]) -> str | bytes:
    """Return one report of several runs; a single run is rendered with `render`.

    Raises:
        UsageError: the format takes only one run, and there are several.
        InferCompareError: see `render`.
    """
    if len(documents) == 1:
        return render(reporter, documents[0])
    check_number(reporter, len(documents))
    assert isinstance(reporter, ReporterOfMany)
    return _checked(reporter, lambda: reporter.render_many(documents))


def check_number(reporter: Reporter, number: int) -> None:
    """Check that the format takes that many runs.

    Raises:
        UsageError: the format takes only one run, and there are several.
    """
    if number > 1 and not isinstance(reporter, ReporterOfMany):
        raise UsageError(
            f"The report format {reporter.name!r} takes one run, and {number} were given; report them one by one."
        )


def _check_installed(reporter: Reporter) -> None:
    """Check that the packages of the format are installed, without importing them."""
    absent = [module for module in getattr(reporter, "requires", ()) if not is_installed(module)]
    if absent:
        hint = getattr(reporter, "install_hint", "")
        how = f"install it with `{hint}`" if hint else "install it first"
        raise UsageError(f"The report format {reporter.name!r} needs {listing(absent)}, which is not installed; {how}.")


def _checked(reporter: Reporter, work: Callable[[], str | bytes]) -> str | bytes:
    try:
        with guarded(f"making a report of the format {reporter.name}", passing=(InferCompareError,)):
            made = work()
            if isinstance(made, str):
                # Text that cannot be encoded could not be written.
                made.encode()
    except PluginFailed as failure:
        raise InferCompareError(
            f"The report format {reporter.name!r} failed with {failure}; the run is stored."
        ) from failure
    if not isinstance(made, str | bytes):
        raise InferCompareError(
            f"The report format {reporter.name!r} returned {type(made).__name__} in place of text; the run is stored."
        )
    return made
