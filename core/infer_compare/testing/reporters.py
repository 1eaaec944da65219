"""Checks of a report format: it renders all kinds of runs, and escapes harmful names."""

from __future__ import annotations

import json
import re
from functools import cached_property
from typing import TYPE_CHECKING

from infer_compare.plugins import is_installed
from infer_compare.plugins.registration import Unfit
from infer_compare.plugins.reporter_registration import read_reporter
from infer_compare.testing.checking import Check, PluginReport, run_checks
from infer_compare.testing.conformance.violation import NotApplicable, Violation

if TYPE_CHECKING:
    from infer_compare.interfaces import Reporter
    from infer_compare.reports import ReportDocument

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")
"""Control characters other than tabs and line ends."""


def check_reporter(reporter: Reporter) -> PluginReport:
    """Check a report format with made-up runs: complete ones, cut-off ones, missing figures, odd names.

    Args:
        reporter: the reporter that the hook returns. If a package in its `requires` is not installed, most checks are skipped.
    """
    checks = _ReporterChecks(reporter)
    return run_checks(
        "reporter",
        str(getattr(reporter, "name", reporter)),
        (
            Check("declared", "name, suffix and `render` are there", checks.declared),
            Check(
                "renders", "every run is rendered to text or bytes, cut-off runs and failures included", checks.renders
            ),
            Check("repeatable", "the same run is rendered to the same report", checks.repeatable),
            Check("several_runs", "`render_many` takes several runs, where there is one", checks.several_runs),
            Check("numbers", "JSON has no NaN and no infinity", checks.numbers),
            Check("terminal", "a text has no control characters, whatever names a run holds", checks.terminal),
        ),
    )


class _ReporterChecks:
    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter

    def declared(self) -> None:
        try:
            read_reporter(self._reporter, ())
        except Unfit as unfit:
            raise Violation(f"{unfit}.") from None

    def renders(self) -> None:
        for what, document in self._documents.items():
            if not self._rendered(what, document):
                raise Violation(f"{what} is rendered to nothing; say at least that there are no figures.")

    def repeatable(self) -> None:
        for what, document in self._documents.items():
            if self._rendered(what, document) != self._rendered(what, document):
                raise Violation(
                    f"{what} is rendered to another report the second time; no time of day, no random order."
                )

    def several_runs(self) -> None:
        many = getattr(self._reporter, "render_many", None)
        if many is None:
            raise NotApplicable("it has no `render_many`")
        made = many(list(self._documents.values()))
        if not isinstance(made, str | bytes) or not made:
            raise Violation(f"`render_many` returned {type(made).__name__}; return text or bytes.")

    def numbers(self) -> None:
        if self._reporter.suffix != ".json":
            raise NotApplicable("it is no JSON")

        def refuse(word: str) -> None:
            raise Violation(f"the JSON holds {word}, which no parser need take; write null.")

        for what, document in self._documents.items():
            try:
                json.loads(self._rendered(what, document), parse_constant=refuse)
            except ValueError as error:
                raise Violation(f"{what} is rendered to something that is no JSON ({error}).") from None

    def terminal(self) -> None:
        for what, document in self._documents.items():
            made = self._rendered(what, document)
            if isinstance(made, bytes):
                raise NotApplicable("it is binary")
            if match := _CONTROL.search(made):
                raise Violation(
                    f"{what} puts {match.group()!r} into the report, out of a name; escape what comes from a run."
                )

    @cached_property
    def _documents(self) -> dict[str, ReportDocument]:
        from infer_compare.testing.example_runs import example_documents

        missing = [module for module in getattr(self._reporter, "requires", ()) if not is_installed(module)]
        if missing:
            raise NotApplicable(f"needs {missing[0]} ({getattr(self._reporter, 'install_hint', '')})")
        return example_documents()

    def _rendered(self, what: str, document: ReportDocument) -> str | bytes:
        try:
            made = self._reporter.render(document)
        except Exception as error:
            error.add_note(f"It came while rendering {what}.")
            raise
        if not isinstance(made, str | bytes):
            raise Violation(f"`render` returned {type(made).__name__}; return text or bytes.")
        return made
