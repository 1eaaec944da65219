"""Everything that a report says about a run, derived from its records."""

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
    """None where fewer than three neighbouring sizes lie on a line."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The derived part of a report: figures, verdicts, answer, and who is not ranked."""

    figures: tuple[Figures, ...]
    """Of every measured point, by contender, then by operating point."""
    pairs: tuple[PairVerdict, ...]
    """Every pair of contenders at every operating point: adjusted for the number of points, not for that of pairs."""
    answers: tuple[Answer, ...]
    """One for each setting of the axes other than the batch."""
    shapes: tuple[ContenderShape, ...]
    excluded: tuple[Exclusion, ...]
    """Contenders that are not ranked."""

    @property
    def answer(self) -> Answer:
        """The answer of a run whose only axis is the batch; the first one of others."""
        return self.answers[0]


def summarise(run: Run, *, every_bound: bool = True) -> Summary:
    """The summary of a run or of any prefix of one.

    Args:
        run: the run.
        every_bound: whether to work out which latency bounds each point keeps, which takes as long as the rest.
    """
    measurements = Measurements(run.rounds, run.header.budget_of)
    points = {Candidate(point.contender, point.point): point for point in run.points}
    table = figures_table(points.values(), measurements, run.header.metrics)
    liars = impossible(run, points.values())
    excluded = exclusions(run, points.values(), liars)
    out = {one.contender for one in excluded}
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
        # The time of a pass is no line over the batch size.
        return
    for label in run.labels:
        for setting in axes:
            own = [one for key, one in table.items() if key.label == label and key.point.axes == setting]
            if own:
                shape = fit_shape([one.point.batch for one in own], [one.latency_p50_ns for one in own])
                yield ContenderShape(contender=label, axes=setting, shape=shape)
