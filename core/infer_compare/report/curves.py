"""Points in the order of their batch sizes, with what the run says about each, and how far up each curve goes."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from infer_compare.report.boundaries import boundary
from infer_compare.report.schema import Curve, PointReport
from infer_compare.report.sentences.outcomes import PREDICTED, outcome_words, over_budget_words
from infer_compare.report.sentences.shapes import shape_sentence
from infer_compare.report.words import plain
from infer_compare.results import Measured
from infer_compare.verdicts.flags import flags_of
from infer_compare.verdicts.looks import Verdict
from infer_compare.verdicts.outcome_kinds import tag_of
from infer_compare.verdicts.output_errors import error_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.report.schema import Axes
    from infer_compare.results import Agreement, Point, Run
    from infer_compare.verdicts import Figures, Summary

Key = tuple[str, "OperatingPoint"]


def curves(run: Run, points: Sequence[Point], summary: Summary, new_shapes: Mapping[Key, float]) -> tuple[Curve, ...]:
    """One curve for each contender and setting of the other axes, in the order of the contenders.

    Args:
        run: the run.
        points: its points.
        summary: what was derived from it.
        new_shapes: what a batch size costs that a running worker has not seen, in nanoseconds.
    """
    found = {(one.contender, one.point): one for one in summary.figures}
    fastest = _fastest(summary, found)
    predicted = {(record.contender, record.point): record.latency_ns for record in run.predicted}
    shapes = {(one.contender, one.axes): one for one in summary.shapes}
    groups: dict[tuple[str, Axes], list[Point]] = defaultdict(list)
    for point in points:
        groups[point.contender, point.point.axes].append(point)
    made: list[Curve] = []
    for (label, axes), own in groups.items():
        shape = shapes.get((label, axes))
        made.append(
            Curve(
                contender=label,
                axes=axes,
                points=tuple(
                    _report(
                        point,
                        found.get((label, point.point)),
                        run.header.budget_of(label),
                        fastest=(label, point.point) in fastest,
                        new_shape_ns=new_shapes.get((label, point.point)),
                        predicted_ns=predicted.get((label, point.point)),
                    )
                    for point in sorted(own, key=lambda point: point.point)
                ),
                shape=shape.shape if shape else None,
                shape_sentence=plain(shape_sentence(shape)) if shape and _has_shape(label, axes, found) else "",
                boundary=boundary(run, label, axes, own),
            )
        )
    return tuple(made)


def _has_shape(label: str, axes: Axes, found: Iterable[Key]) -> bool:
    """Through one or two sizes there is always a line."""
    return sum(contender == label and point.axes == axes for contender, point in found) > 2


def _report(
    point: Point,
    found: Figures | None,
    threads: int,
    *,
    fastest: bool,
    new_shape_ns: float | None,
    predicted_ns: int | None,
) -> PointReport:
    measured = point.outcome if isinstance(point.outcome, Measured) else None
    return PointReport(
        contender=point.contender,
        point=point.point,
        outcome=tag_of(point.outcome),
        reason=_reason(point, found, threads, predicted=predicted_ns is not None),
        excess_cores=point.excess_cores,
        figures=found,
        rough_latency_ns=measured.latency_ns if measured else None,
        predicted_latency_ns=predicted_ns if found is None else None,
        first_call_ns=found.first_call_ns if found else measured.first_call_ns if measured else None,
        prepare_ns=found.prepare_ns if found else measured.prepare_ns if measured else None,
        new_shape_ns=new_shape_ns,
        memory=point.memory,
        rejected=(len(point.slices) - len(point.clean_slices)) / len(point.slices) if point.slices else None,
        agreement=point.agreement.verdict if point.agreement else None,
        output_error=error_of(point.agreement) if point.agreement else None,
        needed_rtol=needed_rtol(point.agreement) if point.agreement else None,
        flags=flags_of(found) if found else (),
        fastest=fastest,
    )


def needed_rtol(agreement: Agreement) -> float | None:
    """The tolerance that the worst of the outputs needs; None where nothing could be compared."""
    return max((one.needed_rtol for one in agreement.outputs), default=None)


def _reason(point: Point, found: Figures | None, threads: int, *, predicted: bool) -> str:
    if found is not None:
        return ""
    if point.excess_cores is not None:
        return over_budget_words(point.excess_cores, threads)
    if not isinstance(point.outcome, Measured):
        return outcome_words(point.outcome)
    if point.slices:
        return "every slice was disturbed"
    return PREDICTED if predicted else "only trial calls ran"


def _fastest(summary: Summary, found: Mapping[Key, Figures]) -> set[Key]:
    """The points at which a contender is shown to beat every other that is ranked and has figures there."""
    out = {one.contender for one in summary.excluded}
    beaten: dict[Key, set[str]] = defaultdict(set)
    for pair in summary.pairs:
        if pair.verdict is Verdict.FASTER:
            beaten[pair.a.label, pair.a.point].add(pair.b.label)
        elif pair.verdict is Verdict.SLOWER:
            beaten[pair.b.label, pair.b.point].add(pair.a.label)
    rivals: dict[OperatingPoint, set[str]] = defaultdict(set)
    for label, point in found:
        if label not in out:
            rivals[point].add(label)
    return {
        (label, point)
        for (label, point), losers in beaten.items()
        if label in rivals[point] and losers >= rivals[point] - {label}
    }
