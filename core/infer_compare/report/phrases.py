"""What several formats say in the same few words: cells of tables, and sentences put together from the document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.words import plain
from infer_compare.stats.wording import percent, ratio, rough_ratio, significant
from infer_compare.verdicts.protocol import UNRESOLVED_HALF_WIDTH
from infer_compare.verdicts.settle import Verdict

if TYPE_CHECKING:
    from infer_compare.interfaces import OperatingPoint
    from infer_compare.report.schema import (
        AgreementReport,
        AnswerReport,
        Axes,
        Curve,
        FailureReport,
        OutcomeTag,
        ReportDocument,
    )
    from infer_compare.verdicts import Answer, Comparison, Figures, PairVerdict

OUTCOMES: dict[OutcomeTag, str] = {
    "measured": "disturbed",
    "out_of_memory": "OOM",
    "limit_reached": "limit",
    "timed_out": "timeout",
    "died": "died",
    "failed": "failed",
    "skipped": "-",
}
"""Points without figures, in a cell."""


def against(pair: PairVerdict) -> str:
    """What the verdict says of B, which is held against the recommended A, in a few words."""
    found = pair.comparison
    match pair.verdict:
        case Verdict.INVALID:
            return "not comparable"
        case Verdict.INCONCLUSIVE:
            return "no difference shown"
        case Verdict.SAME:
            return f"same within {percent(pair.margin)}"
        case Verdict.FASTER:
            return _times("slower", found) if found else "slower"
        case Verdict.SLOWER:
            return _times("faster", found.turned()) if found else "faster"


def standings(answer: Answer) -> dict[str, str]:
    """How each contender's best stands to the recommended one, by label."""
    verdicts = {pair.b.label: against(pair) for pair in answer.headline}
    return {one.contender: verdicts.get(one.contender, "the best") for one in answer.by_contender}


def spread_words(found: Figures) -> str:
    """The relative half-width of the throughput's interval, in percent; nothing where it is not known."""
    if found.spread is None:
        return ""
    return f"{100 * found.spread:.1f}" if found.spread < 0.0995 else f"{100 * found.spread:,.0f}"


def milliseconds(nanoseconds: float) -> str:
    """The figure alone: a column in one unit can be read at a glance."""
    return significant(nanoseconds / 1e6)


def size_words(point: OperatingPoint) -> str:
    """The batch size, and the other axes if there are any."""
    return str(point.batch) if not point.axes else str(point).removeprefix("batch ")


def axes_words(axes: Axes) -> str:
    """Such as `seq 128, width 32`."""
    return ", ".join(f"{name} {value}" for name, value in axes)


def shape_sentences(document: ReportDocument) -> list[str]:
    """A sentence for each curve that was measured."""
    return [f"{curve.shape_sentence}{_where(curve)}" for curve in document.curves if curve.shape_sentence]


def boundary_sentences(document: ReportDocument) -> list[str]:
    """A sentence for each curve that was tried."""
    return [f"{curve.boundary.sentence}{_where(curve)}" for curve in document.curves if curve.boundary is not None]


def answer_sentences(document: ReportDocument, one: AnswerReport) -> list[str]:
    """The recommendation, the verdicts and the bound; not the other contenders' bests, which the table shows."""
    shown = tuple(plain(best.sentence()) for best in one.answer.by_contender[1:])
    return [
        sentence
        for sentence in one.sentences
        if sentence not in document.shortcomings and not (shown and sentence.endswith(shown))
    ]


def excluded_sentences(document: ReportDocument) -> list[str]:
    """Contenders that are not ranked, without those that are told among the shortcomings."""
    sentences = [plain(one.sentence()) for one in document.excluded]
    return [sentence for sentence in sentences if sentence not in document.shortcomings]


def failure_sentence(one: FailureReport) -> str:
    """The sentence, and what the worker said last."""
    return f'{one.sentence}; its last words: "{one.detail}"' if one.detail else one.sentence


def agreement_cells(one: AgreementReport) -> tuple[str, ...]:
    """Contender, verdict, reference, worst and allowed difference, where, and the share of equal top entries."""
    return (
        one.contender,
        "reference" if one.contender == one.reference and one.verdict == "agrees" else one.verdict,
        one.reference,
        "" if one.needed_rtol is None else f"{one.needed_rtol:.2g}",
        f"{one.rtol:.2g}",
        size_words(one.point),
        "" if one.top1 is None else f"{100 * one.top1:.4g} %",
    )


def agreement_reasons(document: ReportDocument) -> list[str]:
    """Why outputs do not count as alike."""
    return [f"{one.contender} at {one.point}: {one.reason}" for one in document.agreements if one.reason]


def note_sentences(document: ReportDocument, *, verbose: bool = False) -> list[str]:
    """The warnings about the machine, then the notes, without those that other sections tell.

    Args:
        document: the report.
        verbose: the plan of the measurement too.
    """
    told = {"interrupted", "stopped"} if verbose else {"interrupted", "stopped", "plan"}
    notes = [f"{one.topic}: {one.text}" for one in document.notes if one.topic not in told]
    return list(dict.fromkeys([*document.warnings, *notes]))


def _times(how: str, found: Comparison) -> str:
    if found.half_width is not None and found.half_width > UNRESOLVED_HALF_WIDTH:
        return f"about {rough_ratio(found.ratio)}x {how}"
    interval = f" [{ratio(found.low)}, {ratio(found.high)}]" if found.low is not None and found.high is not None else ""
    return f"{ratio(found.ratio)}x {how}{interval}"


def _where(curve: Curve) -> str:
    return f" ({axes_words(curve.axes)})" if curve.axes else ""
