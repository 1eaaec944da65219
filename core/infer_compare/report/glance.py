"""The answer at a glance: a run in at most eight lines, whose details are one command away."""

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
"""Of an answer at a glance."""
STORED = "run stored in "
"""What the line begins with that says where the run lies; the next command names the folder too."""
MOST_SETTINGS = 3
"""Of the axes other than the batch; more are counted."""


def glance(document: ReportDocument, place: str = "", reports: Sequence[str] = ()) -> list[str]:
    """Return the answer, how far it can be relied on, and where to read more.

    Args:
        document: what to show.
        place: the run folder; where it is known, the lines end with where things lie and the next command.
        reports: files that were written.
    """
    answers = document.answers
    lines: list[str] = _variants(answers[0]) if len(answers) == 1 else []
    missing = [*(note.text for note in document.notes if note.topic == "damaged"), *document.shortcomings]
    if missing:
        others = f" ({len(missing) - 1} more, -v)" if len(missing) > 1 else ""
        lines.append(f"incomplete: {missing[0]}{others}")
    lines.append(_quality(document))
    if document.costs is not None and document.costs.by_contender:
        cheapest = min(document.costs.by_contender, key=lambda one: one.per_million)
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
    head += [line for one in shown for line in _answer(one, alone=len(answers) == 1)]
    if len(shown) < len(answers):
        head.append(f"{count(len(answers) - len(shown), 'more setting')} of the other axes: -v")
    lines = [plain(line) for line in (*head, *lines) if line]
    # What variants bring says more than the runner-up does.
    return lines if len(lines) <= MOST_LINES else [line for line in lines if line != _runner_up(answers[0])]


def _across(document: ReportDocument) -> list[str]:
    found = document.across
    if found is None:
        return []
    return [line for line in (found.mix_headline, found.changes, found.limits_headline) if line]


def _answer(one: AnswerReport, *, alone: bool) -> Iterator[str]:
    yield one.headline
    answer = one.answer
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
        yield _runner_up(one)


def _runner_up(one: AnswerReport) -> str:
    if not one.answer.headline:
        return ""
    more = len(one.answer.headline) - 1
    return plain(f"{brief(one.answer.headline[0])}{f'; {more} more, -v' if more else ''}")


def _variants(one: AnswerReport) -> list[str]:
    """Return what a precision and a split bring, each of the recommended contender's backend where it has one."""
    best = one.answer.recommended
    label = best.contender if best is not None else ""
    lines = []
    for found in (
        [(gain.sentence, {gain.contender, gain.base}) for gain in one.gains],
        [(report.sentence, {split.contender for split in report.splits}) for report in one.splits],
    ):
        if found:
            own = [sentence for sentence, labels in found if label in labels]
            lines.append((own or [sentence for sentence, _ in found])[0])
    return lines


def _quality(document: ReportDocument) -> str:
    grades = [one.quality for one in document.answers if one.quality is not None and one.answer.recommended is not None]
    worst = max(grades, key=lambda one: ("good", "fair", "poor").index(one.grade), default=None)
    number = len(note_sentences(document))
    notes = f"{count(number, 'note')}, -v" if number else ""
    if worst is None:
        return notes
    return f"quality: {quality_words(worst)}{f'; {notes}' if notes else ''}"


def _next(document: ReportDocument, place: str) -> str:
    """The command that gets a verdict where one is withheld; else the one that shows everything."""
    ways = {
        way for one in document.answers for pair in one.answer.headline if pair.withheld for way in pair.withheld.ways
    }
    full = f"infer-compare report {shell_line([place])} -v"
    if "no_quick" in ways:
        return f"run it without --quick to get a verdict; details: {full}"
    if "thorough" in ways:
        return f"run it with --thorough to get a verdict; details: {full}"
    return full
