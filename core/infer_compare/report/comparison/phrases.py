"""What the formats of a comparison say in the same words: cells of tables, and sentences put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.phrases import axes_words, size_words
from infer_compare.report.words import plain, size
from infer_compare.stats.wording import count, percent, ratio, significant
from infer_compare.verdicts.unpaired.points import interval_words

if TYPE_CHECKING:
    from infer_compare.report.comparison.schema import ComparisonDocument, MemoryReport, RunReport
    from infer_compare.verdicts.unpaired import Condition, PointComparison

COLUMNS = ("batch", "base", "new", "ratio", "95 % interval", "verdict")
"""Titles of the cells of `point_cells`; base and new are in samples a second."""
CONDITION_COLUMNS = ("", "condition", "base", "new")
MEMORY_COLUMNS = ("contender", "figure", "base", "new")
LEGEND = "base, new: samples/s; ratio: new over base, above 1 is faster"


def condition_cells(one: Condition) -> tuple[str, ...]:
    """A mark for what verdicts need to be equal, what it is and whose, and both texts."""
    topic = one.topic if one.contender is None else f"{one.contender}: {one.topic}"
    return ("!" if one.decisive else "", topic, one.base, one.new)


def condition_sentence(document: ComparisonDocument) -> str:
    """What follows from the conditions that differ."""
    found = document.comparison
    if not any(one.decisive for one in found.conditions):
        return "None of these keeps the runs from being compared."
    if found.across_conditions:
        return "Conditions marked ! differ, and verdicts were asked for all the same (--across-conditions)."
    whom = [one.contender for one in found.conditions if one.decisive]
    rest = "" if None in whom else f" of {' and '.join(sorted({str(one) for one in whom}))}"
    return (
        f"Where conditions marked ! differ, verdicts{rest} are withheld; --across-conditions gives them all the same."
    )


def point_cells(one: PointComparison) -> tuple[str, ...]:
    """The cells of one contender at one operating point."""
    return (
        size_words(one.point),
        significant(one.base.throughput),
        significant(one.new.throughput),
        f"{ratio(one.ratio.ratio)}x",
        interval_words(one.ratio) or "none",
        one.verdict.value,
    )


def title(document: ComparisonDocument) -> str:
    """The model and what the clock covers are those of both runs, or the conditions tell."""
    return f"{document.model.name}, {count(len(document.comparison.bests), 'contender')}"


def best_sentences(document: ComparisonDocument) -> list[str]:
    """The verdicts at the best sizes."""
    return [plain(one.sentence()) for one in document.comparison.bests]


def guard_sentences(document: ComparisonDocument) -> list[str]:
    """The outcome of the guard, then one sentence for each contender; empty without a guard."""
    found = document.comparison.guard
    if found is None:
        return []
    first = found.sentence()
    return [plain(f"{first[0].upper()}{first[1:]}."), *(plain(one.sentence) for one in found.guarded)]


def missing_sentences(document: ComparisonDocument) -> list[str]:
    """What only one run has."""
    return [plain(one.sentence) for one in document.comparison.missing]


def memory_rows(document: ComparisonDocument) -> list[tuple[str, ...]]:
    """Contender, figure, and its value in both runs."""
    rows: list[tuple[str, ...]] = []
    for one in document.memory:
        name = f"{one.name} ({axes_words(one.axes)})" if one.axes else one.name
        rows.append((name, "largest batch that ran", *(_largest(one, side) for side in (0, 1))))
        kinds = (("peak memory", one.resident_bytes), ("on the device", one.allocated_bytes))
        for what, values in kinds:
            if one.point is not None and any(value is not None for value in values):
                told = ("unknown" if value is None else size(value) for value in values)
                rows.append((name, f"{what} at {one.point}", *told))
    return rows


def run_rows(document: ComparisonDocument) -> list[tuple[str, str]]:
    """Which runs these are."""
    return [
        (f"{which}{end}", text)
        for which, run in (("base", document.base), ("new", document.new))
        for end, text in (("", _run_words(run)), (" made by", run.repeat))
    ]


def _run_words(run: RunReport) -> str:
    rejected = f", {percent(run.rejected / run.slices)} of {count(run.slices, 'slice')} rejected" if run.slices else ""
    return f"{run.run_id}, {run.created}, {run.mode}, {run.state}{rejected}"


def _largest(one: MemoryReport, side: int) -> str:
    largest, failed = one.largest[side], one.failed[side]
    told = "none" if largest is None else str(largest)
    if failed is not None:
        return f"{told} ({failed} did not fit)"
    return f"{told} (none failed)" if largest is not None else told
