"""The text report of `plugin check`: a line for each check, then each reason once, and the counts last."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from infer_compare.cli import stdout

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.testing.conformance import Report, Result

STYLES = {"passed": "green", "skipped": "dim", "known_gap": "yellow", "gap_closed": "red", "failed": "red"}
"""Styles by outcome, in the order in which reasons are printed: failures come last, next to the counts."""
FEW = 3
"""The most checks that are named beside their common reason; more are counted."""
INDENT = "  "
NARROWEST = 40


class Line(NamedTuple):
    """A line of text and its style."""

    text: str
    style: str = ""


class Reason(NamedTuple):
    """Why checks did not pass, and further observations."""

    text: str
    seen: str = ""


def print_report(report: Report) -> None:
    """Print the report on standard output."""
    from rich.text import Text

    console = stdout.console(highlight=False)
    for line in lines(report, console_width()):
        console.print(Text(line.text, style=line.style), soft_wrap=True)


def lines(report: Report, width: int) -> Iterator[Line]:
    """Return the lines of a report, none wider than `width` unless a single word is."""
    group = ""
    for result in report.results:
        if result.group != group:
            group = result.group
            yield Line(group, "bold")
        outcome = outcome_of(result)
        yield Line(f"{INDENT}{_words(outcome):<10}  {result.check}", STYLES[outcome])
    for outcome in STYLES:
        yield from _reasons([result for result in report.results if outcome_of(result) == outcome], outcome, width)
    yield Line("")
    yield from (Line(text, "bold") for text in wrapped(_count(report), "", width))


def outcome_of(result: Result) -> str:
    """Return the outcome as the JSON document names it."""
    return str(result.__struct_config__.tag)


def _words(outcome: str) -> str:
    return outcome.replace("_", " ")


def _reasons(results: Sequence[Result], outcome: str, width: int) -> Iterator[Line]:
    checks: defaultdict[Reason, list[str]] = defaultdict(list)
    for result in results:
        if (reason := _reason(result)) is not None:
            checks[reason].append(result.check)
    if not checks:
        return
    yield Line("")
    yield Line(f"{_words(outcome).capitalize()}:", STYLES[outcome])
    for reason, names in checks.items():
        # All failed checks are named, since each must be fixed.
        named = len(names) <= FEW or STYLES[outcome] == "red"
        yield from map(Line, wrapped(", ".join(names) if named else f"{len(names)} checks", INDENT, width))
        yield from (
            Line(text, "dim" if outcome == "skipped" else "") for text in wrapped(reason.text, 2 * INDENT, width)
        )
        if reason.seen:
            yield from (Line(text, "dim") for text in wrapped(f"Seen: {reason.seen}", 2 * INDENT, width))


def _reason(result: Result) -> Reason | None:
    from infer_compare.testing.conformance import Failed, GapClosed, KnownGap, Passed, Skipped

    match result:
        case Passed():
            return None
        case Skipped(reason=reason, refusal=refusal):
            return Reason(f"the backend refuses the model: {refusal}" if refusal else reason)
        case Failed(reason=reason):
            return Reason(reason)
        case KnownGap(reason=reason, seen=seen):
            return Reason(reason, seen)
        case GapClosed(reason=reason):
            return Reason(f"The check passes although a gap is declared ({reason}); remove it from known_gaps.")


def _count(report: Report) -> str:
    outcomes = [outcome_of(result) for result in report.results]
    counts = ", ".join(
        f"{outcomes.count(outcome)} {_words(outcome)}" for outcome in reversed(STYLES) if outcome in outcomes
    )
    verdict = "passes" if report.passed else "fails"
    return f"{report.backend or report.reference} {verdict}: {counts or 'no check ran'}."


def console_width() -> int:
    """Return the width of the terminal, or 80 (or `COLUMNS`) if standard output is not a terminal."""
    return max(stdout.console().width, NARROWEST)


def wrapped(text: str, indent: str, width: int) -> list[str]:
    """Return the text in lines no wider than `width` unless a single word is."""
    return textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
