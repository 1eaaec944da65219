"""What several formats say in the same few words: cells of tables, and sentences put together from the document."""

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
"""In a cell: the point used more cores than its thread budget allows."""


def missing_words(point: PointReport) -> str:
    """Return why a point has no figures, in a cell; `reason` says it in a clause."""
    return OVER_BUDGET if point.excess_cores is not None else OUTCOME_KINDS[point.outcome].mark


def standings(answer: Answer) -> dict[str, str]:
    """How each contender's best stands to the recommended one, by label."""
    verdicts = {pair.b.label: against(pair) for pair in answer.headline}
    return {one.contender: verdicts.get(one.contender, "the best") for one in answer.by_contender}


def bests_title(answer: Answer) -> str:
    """Of the table of each contender's best, which no latency bound limits."""
    return "contender" if answer.bound is None else "without the bound"


def spread_words(found: Figures) -> str:
    """The relative half-width of the throughput's interval, in percent; nothing where it is not known."""
    return "" if found.spread is None else spread_percent(found.spread)


def spread_percent(share: float) -> str:
    """Return an interval's relative half-width in percent: with a decimal below ten."""
    return f"{100 * share:.1f}" if share < 0.0995 else f"{100 * share:,.0f}"


def is_rough(point: PointReport) -> bool:
    """Return whether there is only what exploring saw: nothing was timed, or all that was timed was disturbed."""
    return (
        point.outcome == "measured"
        and point.figures is None
        and point.excess_cores is None
        and bool(point.rough_latency_ns)
    )


def machine_words(machine: Environment) -> str:
    """Return the machine in a few words: its processor with the cores that could be used, and its GPUs."""
    cores = f"{machine.cpu or machine.platform}, {count(machine.usable_cores, 'core')}"
    return plain(f"{cores}, {listing(machine.gpus)}" if machine.gpus else cores)


def thread_words(document: ReportDocument) -> str:
    """Return the thread budget, such as `2 threads`; where contenders have budgets of their own, `1 or 2 threads`. Those of a
    contender whose server does the work are its client's, and those of the server are not known.
    """
    local = [one.threads for one in document.contenders if not one.remote]
    if document.contenders and not local:
        return "threads of the server unknown"
    budgets = sorted(set(local) or {document.plan.threads})
    words = listing([*map(str, budgets[:-1]), count(budgets[-1], "thread")], "or")
    return words if len(local) == len(document.contenders) else f"{words} (of the server unknown)"


def milliseconds(nanoseconds: float) -> str:
    """The figure alone: a column in one unit can be read at a glance."""
    return significant(nanoseconds / 1e6)


def size_words(point: OperatingPoint) -> str:
    """The batch size, and the other axes if there are any."""
    return str(point.batch) if not point.axes else str(point).removeprefix("batch ")


def axes_words(axes: Axes) -> str:
    """Such as `seq 128, width 32`."""
    return ", ".join(f"{name} {value}" for name, value in axes)


def run_words(document: ReportDocument) -> str:
    """What identifies this run: model, machine, identifier."""
    return plain(f"{document.model.name} on {machine_words(document.environment)}, run {document.run_id}")


def shape_sentences(document: ReportDocument) -> list[str]:
    """A sentence for each curve of three sizes or more, with the sizes that it holds for where those are not all."""
    return [
        f"{curve.shape_sentence}{_where(curve)}{_range(curve)}" for curve in document.curves if curve.shape_sentence
    ]


def arithmetic_sentences(document: ReportDocument) -> list[str]:
    """What each contender computes in a second at its best size, and what that is of the machine's fastest product."""
    work = document.model.flops_per_sample
    if not work:
        return []
    precisions = {one.label: one.effective.get("precision", "float32") for one in document.contenders}
    told = []
    for best in (best for one in document.answers for best in one.answer.by_contender):
        rate = work * best.figures.throughput
        peak = document.environment.peak_flops.get(precisions[best.contender])
        share = f", {rate / peak:.0%} of this machine's fastest matrix product" if peak else ""
        told.append(f"{best.name} computes {significant(rate / 1e9)} GFLOP/s at {best.point}{share}")
    return told


def boundary_sentences(document: ReportDocument) -> list[str]:
    """A sentence for each curve that was tried."""
    return [f"{curve.boundary.sentence}{_where(curve)}" for curve in document.curves if curve.boundary is not None]


def answer_sentences(one: AnswerReport) -> list[str]:
    """Why, and how sure that is: the bound, the recommendation, the verdicts. The rest is in the tables."""
    answer, bound = one.answer, one.answer.bound
    spoken = [bound_sentences(bound)[0]] if bound is not None and bound.best is not None else []
    if answer.recommended is not None:
        free = "" if bound is None else "without the bound, "
        why = [best_sentence(answer.recommended), *map(pair_sentence, answer.headline)]
        spoken += [f"{free}{sentence}" for sentence in why]
    return [*variant_sentences(one), *(plain(sentence) for sentence in spoken)]


def variant_sentences(one: AnswerReport) -> list[str]:
    """What a lower precision brings, and how the cores are split best."""
    return [*(gain.sentence for gain in one.gains), *(report.sentence for report in one.splits)]


def excluded_sentences(document: ReportDocument) -> list[str]:
    """What restricts the ranking: outputs that say little, and contenders without a place; shortcomings stand apart."""
    # Who was dropped from a race is listed in a table of its own.
    dropped = {one.contender for one in document.tuning.dropped} if document.tuning is not None else set()
    sentences = [plain(excluded_sentence(one)) for one in document.excluded if one.contender not in dropped]
    return [*document.cautions, *(one for one in sentences if one not in document.shortcomings)]


def failure_sentence(one: FailureReport) -> str:
    """The sentence, and what the worker said last."""
    return f'{one.sentence}; last line of stderr: "{one.detail}"' if one.detail else one.sentence


def note_sentences(document: ReportDocument, *, verbose: bool = False) -> list[str]:
    """The warnings about the machine, then the notes, without those that other sections tell.

    Args:
        document: the report.
        verbose: the plan of the measurement too.
    """
    told = {"interrupted", "stopped"}
    if not verbose:
        told.add("plan")
    if all(pair.comparison is None for pair in document.pairs):
        told.add("unadjusted")
    notes = [f"{one.topic}: {one.text}" for one in document.notes if one.topic not in told]
    return list(dict.fromkeys([*document.warnings, *notes]))


def _range(curve: Curve) -> str:
    sizes = [point.point.batch for point in curve.points if point.figures is not None]
    shape = curve.shape
    if shape is None or (shape.lowest, shape.highest) == (sizes[0], sizes[-1]):
        return ""
    return f"; the line holds from batch {shape.lowest} to {shape.highest}"


def _where(curve: Curve) -> str:
    return f" ({axes_words(curve.axes)})" if curve.axes else ""
