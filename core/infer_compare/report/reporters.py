"""Report formats by name: those built in, and those that plugins bring."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from infer_compare.errors import InferCompareError, UsageError
from infer_compare.report.csv import CsvReporter
from infer_compare.report.json import JsonReporter
from infer_compare.report.markdown import MarkdownReporter
from infer_compare.report.text import TextReporter
from infer_compare.report.words import plain

if TYPE_CHECKING:
    from infer_compare.interfaces import Reporter
    from infer_compare.plugins import Plugins
    from infer_compare.report.schema import ReportDocument

BUILT_IN: tuple[Reporter, ...] = (TextReporter(), MarkdownReporter(), CsvReporter(), JsonReporter())


def find_reporter(name: str, plugins: Plugins) -> Reporter:
    """The reporter of that name; a plugin's cannot take the name of one that is built in.

    Raises:
        UsageError: there is none; the nearest name and all names are told.
    """
    known: dict[str, Reporter] = {}
    for reporter in (*BUILT_IN, *plugins.reporters):
        known.setdefault(reporter.name, reporter)
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name.lower(), known, 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise UsageError(f"There is no report format {name!r}.{hint} Known: {', '.join(known)}.")


def render(reporter: Reporter, document: ReportDocument) -> str:
    """The document in the reporter's format.

    Raises:
        InferCompareError: the reporter raised, or returned something else than text.
    """
    try:
        text = reporter.render(document)
    except Exception as error:
        why = plain(f"{type(error).__name__}: {error}")
        raise InferCompareError(f"The report format {reporter.name!r} failed with {why}; the run is stored.") from error
    if not isinstance(text, str):
        raise InferCompareError(
            f"The report format {reporter.name!r} returned {type(text).__name__} in place of text; the run is stored."
        )
    return text
