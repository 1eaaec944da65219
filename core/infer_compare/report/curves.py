"""The curves of a report: the points of each contender by batch size, and the largest batch that fits."""

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
    """Return a curve for each contender and setting of the other axes, in the order of the contenders.

    Args:
        run: the run.
        points: its points.
        summary: the summary of the run.
        new_shapes: the extra cost of a batch size that a running worker meets for the first time, in nanoseconds.
    """
    figures = {(figure.contender, figure.point): figure for figure in summary.figures}
    fastest = _fastest(summary, figures)
    predicted = {(record.contender, record.point): record.latency_ns for record in run.predicted}
    shapes = {(shape.contender, shape.axes): shape for shape in summary.shapes}
    groups: dict[tuple[str, Axes], list[Point]] = defaultdict(list)
    for point in points:
        groups[point.contender, point.point.axes].append(point)
    made: list[Curve] = []
    for (label, axes), group in groups.items():
        shape = shapes.get((label, axes))
        made.append(
            Curve(
                contender=label,
                axes=axes,
                points=tuple(
                    _report(
                        point,
                        figures.get((label, point.point)),
                        run.header.budget_of(label),
                        fastest=(label, point.point) in fastest,
                        new_shape_ns=new_shapes.get((label, point.point)),
                        predicted_ns=predicted.get((label, point.point)),
                    )
                    for point in sorted(group, key=lambda point: point.point)
                ),
                shape=shape.shape if shape else None,
                shape_sentence=plain(shape_sentence(shape)) if shape and _has_shape(label, axes, figures) else "",
                boundary=boundary(run, label, axes, group),
            )
        )
    return tuple(made)


def _has_shape(label: str, axes: Axes, measured: Iterable[Key]) -> bool:
    """Return whether enough sizes were measured for a shape: a line always fits one or two points."""
    return sum(contender == label and point.axes == axes for contender, point in measured) > 2


def _report(
    point: Point,
    figures: Figures | None,
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
        reason=_reason(point, figures, threads, predicted=predicted_ns is not None),
        excess_cores=point.excess_cores,
        figures=figures,
        rough_latency_ns=measured.latency_ns if measured else None,
        predicted_latency_ns=predicted_ns if figures is None else None,
        first_call_ns=figures.first_call_ns if figures else measured.first_call_ns if measured else None,
        prepare_ns=figures.prepare_ns if figures else measured.prepare_ns if measured else None,
        new_shape_ns=new_shape_ns,
        memory=point.memory,
        rejected=(len(point.slices) - len(point.clean_slices)) / len(point.slices) if point.slices else None,
        agreement=point.agreement.verdict if point.agreement else None,
        output_error=error_of(point.agreement) if point.agreement else None,
        needed_rtol=needed_rtol(point.agreement) if point.agreement else None,
        flags=flags_of(figures) if figures else (),
        fastest=fastest,
    )


def needed_rtol(agreement: Agreement) -> float | None:
    """Return the tolerance that the worst output needs; None if nothing could be compared."""
    return max((output.needed_rtol for output in agreement.outputs), default=None)


def _reason(point: Point, figures: Figures | None, threads: int, *, predicted: bool) -> str:
    if figures is not None:
        return ""
    if point.excess_cores is not None:
        return over_budget_words(point.excess_cores, threads)
    if not isinstance(point.outcome, Measured):
        return outcome_words(point.outcome)
    if point.slices:
        return "every slice was disturbed"
    return PREDICTED if predicted else "only trial calls ran"


def _fastest(summary: Summary, figures: Mapping[Key, Figures]) -> set[Key]:
    """Return the points at which a contender is proven to beat every other ranked contender with figures there."""
    out = {exclusion.contender for exclusion in summary.excluded}
    beaten: dict[Key, set[str]] = defaultdict(set)
    for pair in summary.pairs:
        if pair.verdict is Verdict.FASTER:
            beaten[pair.a.label, pair.a.point].add(pair.b.label)
        elif pair.verdict is Verdict.SLOWER:
            beaten[pair.b.label, pair.b.point].add(pair.a.label)
    rivals: dict[OperatingPoint, set[str]] = defaultdict(set)
    for label, point in figures:
        if label not in out:
            rivals[point].add(label)
    return {
        (label, point)
        for (label, point), losers in beaten.items()
        if label in rivals[point] and losers >= rivals[point] - {label}
    }
