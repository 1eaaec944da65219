"""Phrases that several formats share: cells of tables, and lists of sentences from the document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.sentences.answers import best_sentence, bound_sentences
from infer_compare.report.sentences.exclusions import excluded_sentence
from infer_compare.report.sentences.verdicts import against, pair_sentence
from infer_compare.report.words import plain
from infer_compare.stats.wording import count, listing, significant
from infer_compare.verdicts.outcome_kinds import OUTCOME_KINDS

if TYPE_CHECKING:
    from infer_compare.interfaces import OperatingPoint
    from infer_compare.report.schema import (
        AnswerReport,
        Axes,
        Curve,
        FailureReport,
        PointReport,
        ReportDocument,
    )
    from infer_compare.results import Environment
    from infer_compare.verdicts import Answer, Figures

OVER_BUDGET = "over budget"
"""Cell of a point that used more cores than its thread budget allows."""


def missing_words(point: PointReport) -> str:
    """Return why a point has no figures, in the few words of a cell; its `reason` is a clause."""
    return OVER_BUDGET if point.excess_cores is not None else OUTCOME_KINDS[point.outcome].mark


def standings(answer: Answer) -> dict[str, str]:
    """Return how each contender's best compares with the recommended one, by label."""
    verdicts = {pair.b.label: against(pair) for pair in answer.headline}
    return {best.contender: verdicts.get(best.contender, "the best") for best in answer.by_contender}


def bests_title(answer: Answer) -> str:
    """Return the title of the first column of the table of each contender's best, without latency bound."""
    return "contender" if answer.bound is None else "without the bound"


def spread_words(figures: Figures) -> str:
    """Return the relative half-width of the throughput's interval in percent; empty if unknown."""
    return "" if figures.spread is None else spread_percent(figures.spread)


def spread_percent(share: float) -> str:
    """Return an interval's relative half-width in percent: with a decimal below ten."""
    return f"{100 * share:.1f}" if share < 0.0995 else f"{100 * share:,.0f}"


def is_rough(point: PointReport) -> bool:
    """Return whether a point has only a rough latency from exploring: nothing was timed, or all slices were disturbed."""
    return (
        point.outcome == "measured"
        and point.figures is None
        and point.excess_cores is None
        and bool(point.rough_latency_ns)
    )


def machine_words(machine: Environment) -> str:
    """Return the machine in a few words: its processor with the usable cores, and its GPUs."""
    cores = f"{machine.cpu or machine.platform}, {count(machine.usable_cores, 'core')}"
    return plain(f"{cores}, {listing(machine.gpus)}" if machine.gpus else cores)


def thread_words(document: ReportDocument) -> str:
    """Return the thread budget, such as `2 threads`, or `1 or 2 threads` if contenders have different budgets. The threads of
    a server that does a contender's work are unknown.
    """
    local = [contender.threads for contender in document.contenders if not contender.remote]
    if document.contenders and not local:
        return "threads of the server unknown"
    budgets = sorted(set(local) or {document.plan.threads})
    words = listing([*map(str, budgets[:-1]), count(budgets[-1], "thread")], "or")
    return words if len(local) == len(document.contenders) else f"{words} (of the server unknown)"


def milliseconds(nanoseconds: float) -> str:
    """Return a duration in milliseconds, without the unit."""
    return significant(nanoseconds / 1e6)


def size_words(point: OperatingPoint) -> str:
    """Return the batch size, and the other axes if there are any."""
    return str(point.batch) if not point.axes else str(point).removeprefix("batch ")


def axes_words(axes: Axes) -> str:
    """Return sizes of axes, such as `seq 128, width 32`."""
    return ", ".join(f"{name} {value}" for name, value in axes)


def run_words(document: ReportDocument) -> str:
    """Return the model, the machine and the id of a run."""
    return plain(f"{document.model.name} on {machine_words(document.environment)}, run {document.run_id}")


def shape_sentences(document: ReportDocument) -> list[str]:
    """Return a sentence on the shape of each curve of at least three sizes, with its range of sizes if it does not hold for all."""
    return [
        f"{curve.shape_sentence}{_where(curve)}{_range(curve)}" for curve in document.curves if curve.shape_sentence
    ]


def arithmetic_sentences(document: ReportDocument) -> list[str]:
    """Return the arithmetic throughput of each contender at its best size, absolute and as a share of the machine's peak."""
    work = document.model.flops_per_sample
    if not work:
        return []
    precisions = {contender.label: contender.effective.get("precision", "float32") for contender in document.contenders}
    sentences = []
    for best in (best for report in document.answers for best in report.answer.by_contender):
        rate = work * best.figures.throughput
        peak = document.environment.peak_flops.get(precisions[best.contender])
        share = f", {rate / peak:.0%} of this machine's fastest matrix product" if peak else ""
        sentences.append(f"{best.name} computes {significant(rate / 1e9)} GFLOP/s at {best.point}{share}")
    return sentences


def boundary_sentences(document: ReportDocument) -> list[str]:
    """Return a sentence on the memory boundary of each curve that was tried."""
    return [f"{curve.boundary.sentence}{_where(curve)}" for curve in document.curves if curve.boundary is not None]


def answer_sentences(report: AnswerReport) -> list[str]:
    """Return the reasons for the answer: the bound, the recommendation, the verdicts. The rest is in the tables."""
    answer, bound = report.answer, report.answer.bound
    spoken = [bound_sentences(bound)[0]] if bound is not None and bound.best is not None else []
    if answer.recommended is not None:
        free = "" if bound is None else "without the bound, "
        why = [best_sentence(answer.recommended), *map(pair_sentence, answer.headline)]
        spoken += [f"{free}{sentence}" for sentence in why]
    return [*variant_sentences(report), *(plain(sentence) for sentence in spoken)]


def variant_sentences(report: AnswerReport) -> list[str]:
    """Return the gains of lower precisions, and the best split of the cores."""
    return [*(gain.sentence for gain in report.gains), *(group.sentence for group in report.splits)]


def excluded_sentences(document: ReportDocument) -> list[str]:
    """Return the restrictions of the ranking: cautions about outputs, and excluded contenders that are no shortcomings."""
    # Contenders dropped from a search are listed in a separate table.
    dropped = {contender.contender for contender in document.tuning.dropped} if document.tuning is not None else set()
    sentences = [
        plain(excluded_sentence(exclusion)) for exclusion in document.excluded if exclusion.contender not in dropped
    ]
    return [*document.cautions, *(sentence for sentence in sentences if sentence not in document.shortcomings)]


def failure_sentence(failure: FailureReport) -> str:
    """Return the sentence with the last line that the worker wrote to standard error."""
    return f'{failure.sentence}; last line of stderr: "{failure.detail}"' if failure.detail else failure.sentence


def note_sentences(document: ReportDocument, *, verbose: bool = False) -> list[str]:
    """Return the warnings about the machine, then the notes that no other section contains.

    Args:
        document: the report.
        verbose: include the plan of the measurement.
    """
    shown = {"interrupted", "stopped"}
    if not verbose:
        shown.add("plan")
    if all(pair.comparison is None for pair in document.pairs):
        shown.add("unadjusted")
    notes = [f"{note.topic}: {note.text}" for note in document.notes if note.topic not in shown]
    return list(dict.fromkeys([*document.warnings, *notes]))


def _range(curve: Curve) -> str:
    sizes = [point.point.batch for point in curve.points if point.figures is not None]
    shape = curve.shape
    if shape is None or (shape.lowest, shape.highest) == (sizes[0], sizes[-1]):
        return ""
    return f"; the line holds from batch {shape.lowest} to {shape.highest}"


def _where(curve: Curve) -> str:
    return f" ({axes_words(curve.axes)})" if curve.axes else ""
