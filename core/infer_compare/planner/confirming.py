"""The choice of batch sizes that fresh workers measure again at the end of a run."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from infer_compare.planner.points import by_setting
from infer_compare.verdicts.best import to_confirm
from infer_compare.verdicts.measurements import Measurements
from infer_compare.verdicts.point_figures import figures_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.results import Point, Round, Run
    from infer_compare.verdicts.figures import Figures
    from infer_compare.verdicts.measurements import Candidate


FETCHED_PAGES = 100
"""Minor page faults per call below which they are ignored: they take less than 0.1 ms."""
DISAGREEMENT = 2.0
"""Ratio of page faults per call between two restarts from which they disagree."""


def candidates(run: Run, labels: Iterable[str]) -> dict[str, tuple[OperatingPoint, ...]]:
    """Return the sizes of each contender that fresh workers measure again; none for a contender without a clean slice.

    They are the candidates for the best size, and sizes whose speed depends on what their process has run before: only a
    worker that runs nothing else shows how such a size behaves in a deployment. A quick run confirms the candidates alone.

    Args:
        run: as it stands after the last restart.
        labels: the contenders that are ranked.
    """
    points, table, measurements = _figures(run, labels)
    margin, mode = run.header.plan.margin, run.header.options.mode
    sizes: dict[str, tuple[OperatingPoint, ...]] = {}
    for label, measured in points.items():
        best = tuple(
            chosen
            for curve in by_setting(point.point for point in measured)
            for chosen in to_confirm(
                label,
                [point for point in measured if point.point in curve],
                table,
                measurements,
                margin=margin,
                mode=mode,
            )
        )
        others = [point.point for point in measured] if best and mode != "quick" else []
        unstable = (point for point in others if depends_on_the_process(run.rounds, label, point))
        sizes[label] = tuple(sorted({*best, *unstable}))
    return sizes


def depends_on_the_process(rounds: Iterable[Round], label: str, point: OperatingPoint) -> bool:
    """Return whether the calls of a size cause page faults in some restarts and far fewer in others.

    Depending on what its process has run before, an allocator keeps memory or returns it to the system, and then fetches
    the returned pages again with every call.

    Args:
        rounds: of the run; rounds that confirm sizes are ignored.
        label: of the contender.
        point: its operating point.
    """
    pages: dict[int, list[float]] = defaultdict(list)
    for round_ in rounds:
        for piece in round_.slices if round_.phase == "measure" and round_.point == point else ():
            if piece.contender == label and piece.diagnostics is not None:
                pages[round_.restart].append(piece.diagnostics.minor_faults / max(1, piece.calls + piece.discarded))
    means = [sum(counts) / len(counts) for counts in pages.values()]
    return bool(means) and max(means) >= max(FETCHED_PAGES, DISAGREEMENT * min(means))


def _figures(
    run: Run, labels: Iterable[str]
) -> tuple[dict[str, list[Point]], Mapping[Candidate, Figures], Measurements]:
    """Return the points of each contender and their figures, without the rounds that confirm sizes."""
    run = msgspec.structs.replace(run, rounds=tuple(round_ for round_ in run.rounds if round_.phase == "measure"))
    measurements = Measurements(run.rounds, run.header.budget_of)
    points: dict[str, list[Point]] = {label: [] for label in labels}
    for point in run.points:
        if point.contender in points:
            points[point.contender].append(point)
    table = figures_table((point for measured in points.values() for point in measured), measurements)
    return points, table, measurements
