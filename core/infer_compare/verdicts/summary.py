"""The summary of a run: all results that are derived from its records."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import msgspec

from infer_compare.stats.shape import Shape, fit_shape
from infer_compare.verdicts.answer import Answer, Axes, answer
from infer_compare.verdicts.exclusions import Exclusion, exclusions
from infer_compare.verdicts.figures import Figures
from infer_compare.verdicts.measurements import Candidate, Measurements
from infer_compare.verdicts.pairs import PairVerdict
from infer_compare.verdicts.plausibility import impossible
from infer_compare.verdicts.point_figures import figures_table
from infer_compare.verdicts.verdict import compare_points

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from infer_compare.results import Point, Run
    from infer_compare.verdicts.obstacles import ClockWrong


class ContenderShape(msgspec.Struct, frozen=True, kw_only=True):
    """The shape of one contender's latency curve over the batch size."""

    contender: str
    axes: Axes = ()
    shape: Shape | None
    """None if fewer than three adjacent sizes are on a line."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The results of a run: figures, verdicts, answers, and exclusions."""

    figures: tuple[Figures, ...]
    """Of all measured points, ordered by contender and operating point."""
    pairs: tuple[PairVerdict, ...]
    """Verdicts on all pairs of contenders at all operating points, adjusted for the number of points but not of pairs."""
    answers: tuple[Answer, ...]
    """One for each setting of the axes other than the batch."""
    shapes: tuple[ContenderShape, ...]
    excluded: tuple[Exclusion, ...]
    """Contenders that are not ranked."""

    @property
    def answer(self) -> Answer:
        """The answer for the first setting, which is the only one if the batch is the only axis."""
        return self.answers[0]


def summarise(run: Run, *, every_bound: bool = True) -> Summary:
    """Return the summary of a run, which may be unfinished.

    Args:
        run: the run.
        every_bound: whether to compute the latency bounds that each point keeps, which takes as long as the rest.
    """
    measurements = Measurements(run.rounds, run.header.budget_of)
    points = {Candidate(point.contender, point.point): point for point in run.points}
    table = figures_table(points.values(), measurements, run.header.metrics)
    liars = impossible(run, points.values())
    excluded = exclusions(run, points.values(), liars)
    out = {exclusion.contender for exclusion in excluded}
    ranked = [point for point in points.values() if point.contender not in out]
    axes = sorted({point.point.axes for point in points.values()}) or [()]
    return Summary(
        figures=tuple(table.values()),
        pairs=tuple(_pairs(run, points, measurements, liars)),
        answers=tuple(
            answer(
                run,
                [point for point in ranked if point.point.axes == setting],
                table,
                measurements,
                axes=setting,
                every_bound=every_bound,
            )
            for setting in axes
        ),
        shapes=tuple(_shapes(run, table, axes)),
        excluded=excluded,
    )


def _pairs(
    run: Run,
    points: Mapping[Candidate, Point],
    measurements: Measurements,
    liars: Mapping[str, ClockWrong],
) -> Iterable[PairVerdict]:
    for a, b in combinations(run.labels, 2):
        for point in sorted({candidate.point for candidate in points if candidate.label in {a, b}}):
            yield compare_points(run, a, b, point, measurements=measurements, points=points, liars=liars)


def _shapes(run: Run, table: Mapping[Candidate, Figures], axes: Iterable[Axes]) -> Iterable[ContenderShape]:
    if run.header.options.scope == "dataset":
        # The time of a pass over a data set is not a linear function of the batch size.
        return
    for label in run.labels:
        for setting in axes:
            curve = [figures for key, figures in table.items() if key.label == label and key.point.axes == setting]
            if curve:
                shape = fit_shape(
                    [figures.point.batch for figures in curve], [figures.latency_p50_ns for figures in curve]
                )
                yield ContenderShape(contender=label, axes=setting, shape=shape)
