"""Which sizes of which contender are measured again, once all are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.verdicts.best import to_confirm
from infer_compare.verdicts.figures import figures_table
from infer_compare.verdicts.measurements import Measurements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.results import Point, Run
    from infer_compare.verdicts.figures import Figures
    from infer_compare.verdicts.measurements import Candidate


def candidates(run: Run, labels: Iterable[str]) -> dict[str, tuple[OperatingPoint, ...]]:
    """The candidates for the best size of each contender; none for one that has no clean slice.

    Args:
        run: as it stands after the last restart.
        labels: the contenders that are ranked.
    """
    points, table, measurements = _figures(run, labels)
    plan = run.header.plan
    return {
        label: to_confirm(label, own, table, measurements, margin=plan.margin, mode=plan.mode)
        for label, own in points.items()
    }


def _figures(
    run: Run, labels: Iterable[str]
) -> tuple[dict[str, list[Point]], Mapping[Candidate, Figures], Measurements]:
    """Points of each contender and their figures, by the rounds that rank all sizes alone."""
    run = msgspec.structs.replace(run, rounds=tuple(one for one in run.rounds if one.phase == "measure"))
    measurements = Measurements(run.rounds, run.header.plan.threads)
    points: dict[str, list[Point]] = {label: [] for label in labels}
    for point in run.points:
        if point.contender in points:
            points[point.contender].append(point)
    table = figures_table((point for own in points.values() for point in own), measurements)
    return points, table, measurements
