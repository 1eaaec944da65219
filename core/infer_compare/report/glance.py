"""The answer at a glance: the result of a run in at most eight lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.phrases import note_sentences
from infer_compare.report.price import money
from infer_compare.report.sentences.answers import bound_words
from infer_compare.report.sentences.quality import quality_words
from infer_compare.report.sentences.verdicts import brief
from infer_compare.report.words import plain, shell_line
from infer_compare.stats.wording import count, duration, rate, significant

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.report.schema import AnswerReport, ReportDocument

MOST_LINES = 8
"""The most lines."""
STORED = "run stored in "
"""Beginning of the line that names the run folder; the next command names it too."""
MOST_SETTINGS = 3
"""The most settings of the other axes; more are counted."""


def glance(document: ReportDocument, place: str = "", reports: Sequence[str] = ()) -> list[str]:
    """Return the lines with the answer, its quality, and where to read more.

    Args:
        document: the report of the run.
        place: the run folder; if given, the last lines name the folder, the written files and the next command.
        reports: the written files.
    """
    answers = document.answers
    lines: list[str] = _variants(answers[0]) if len(answers) == 1 else []
    missing = [*(note.text for note in document.notes if note.topic == "damaged"), *document.shortcomings]
    if missing:
        others = f" ({len(missing) - 1} more, -v)" if len(missing) > 1 else ""
        lines.append(f"incomplete: {missing[0]}{others}")
    lines.append(_quality(document))
    if document.costs is not None and document.costs.by_contender:
        cheapest = min(document.costs.by_contender, key=lambda cost: cost.per_million)
        price = money(cheapest.per_million, document.costs.price.currency)
        lines.append(f"cost: {price} per million samples with {cheapest.name} at {cheapest.point}")
    if reports:
        lines.append(f"report: {', '.join(reports)}")
    elif place:
        lines.append(f"{STORED}{place}")
    if place:
        lines.append(f"next: {_next(document, place)}")
    head = _across(document)
    room = MOST_LINES - len(head) - len(lines) - 1
    shown = answers if len(answers) <= min(MOST_SETTINGS, room + 1) else answers[: max(0, min(MOST_SETTINGS, room))]
    head += [line for report in shown for line in _answer(report, alone=len(answers) == 1)]
    if len(shown) < len(answers):
        head.append(f"{count(len(answers) - len(shown), 'more setting')} of the other axes: -v")
    lines = [plain(line) for line in (*head, *lines) if line]
    # The gains of variants matter more than the runner-up.
    return lines if len(lines) <= MOST_LINES else [line for line in lines if line != _runner_up(answers[0])]


def _across(document: ReportDocument) -> list[str]:
    across = document.across
    if across is None:
        return []
    return [line for line in (across.mix_headline, across.changes, across.limits_headline) if line]


def _answer(report: AnswerReport, *, alone: bool) -> Iterator[str]:
    yield report.headline
    answer = report.answer
    if not alone or answer.recommended is None:
        return
    bound = answer.bound
    if bound is not None and bound.best is not None:
        best = bound.best
        yield f"{rate(best.throughput)}, p{bound.percentile:g} {duration(best.latency_ns)}"
        largest = ", ".join(f"{check.name} {check.point.batch}" for check in bound.largest)
        yield f"largest batch with {bound_words(bound)}: {largest}"
        return
    figures = answer.recommended.figures
    spread = "" if figures.spread is None else f" ±{significant(100 * figures.spread, 2)} %"
    latency = f"p50 {duration(figures.latency_p50_ns)}, p95 {duration(figures.latency_p95_ns)}"
    yield f"{rate(figures.throughput)}{spread}, latency {latency}"
    if answer.headline:
        yield _runner_up(report)


def _runner_up(report: AnswerReport) -> str:
    if not report.answer.headline:
        return ""
    more = len(report.answer.headline) - 1
    return plain(f"{brief(report.answer.headline[0])}{f'; {more} more, -v' if more else ''}")


def _variants(report: AnswerReport) -> list[str]:
    """Return the gain of a lower precision and of a split of the cores, preferably for the recommended contender's backend."""
    best = report.answer.recommended
    label = best.contender if best is not None else ""
    lines = []
    for sentences in (
        [(gain.sentence, {gain.contender, gain.base}) for gain in report.gains],
        [(group.sentence, {split.contender for split in group.splits}) for group in report.splits],
    ):
        if sentences:
            recommended = [sentence for sentence, labels in sentences if label in labels]
            lines.append((recommended or [sentence for sentence, _ in sentences])[0])
    return lines


def _quality(document: ReportDocument) -> str:
    grades = [
        report.quality
        for report in document.answers
        if report.quality is not None and report.answer.recommended is not None
    ]
    worst = max(grades, key=lambda quality: ("good", "fair", "poor").index(quality.grade), default=None)
    number = len(note_sentences(document))
    notes = f"{count(number, 'note')}, -v" if number else ""
    if worst is None:
        return notes
    return f"quality: {quality_words(worst)}{f'; {notes}' if notes else ''}"


def _next(document: ReportDocument, place: str) -> str:
    """Return the command that would get a withheld verdict, else the one that shows the full report."""
    ways = {
        way
        for report in document.answers
        for pair in report.answer.headline
        if pair.withheld
        for way in pair.withheld.ways
    }
    full = f"infer-compare report {shell_line([place])} -v"
    if "no_quick" in ways:
        return f"run it without --quick to get a verdict; details: {full}"
    if "thorough" in ways:
        return f"run it with --thorough to get a verdict; details: {full}"
    return full
