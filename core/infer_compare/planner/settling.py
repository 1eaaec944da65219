"""Which operating points still need restarts."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from infer_compare.verdicts.measurements import Candidate, Measurements
from infer_compare.verdicts.protocol import EARLY_LOOKS
from infer_compare.verdicts.settle import hopeless, settlement, stalled
from infer_compare.verdicts.verdict import margin_between

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.results import Run


def unsettled(
    run: Run, points: Mapping[str, Sequence[OperatingPoint]], restarts_done: int
) -> tuple[OperatingPoint, ...]:
    """The operating points at which some pair of contenders is not settled and still can be, ascending.

    A point that only one of several contenders runs has nothing to settle; two restarts tell its figures. A contender
    alone is measured to the end, so that later runs can be compared with it. Nothing more comes of a
    pair whose interval no longer shrinks, or that no look to come can settle.

    Args:
        run: as it stands after a restart.
        points: the operating points of each contender that is ranked.
        restarts_done: restarts so far; before the second nothing is ever settled.
    """
    every = sorted({point for found in points.values() for point in found})
    if restarts_done < min(EARLY_LOOKS):
        return tuple(every)
    measurements = Measurements(run.rounds, run.header.plan.threads)
    to_come = run.header.plan.restarts - restarts_done
    if len(points) == 1:
        return tuple(every) if to_come > 0 else ()
    return tuple(point for point in every if _open(run, measurements, points, point, to_come))


def _open(
    run: Run,
    measurements: Measurements,
    points: Mapping[str, Sequence[OperatingPoint]],
    point: OperatingPoint,
    to_come: int,
) -> bool:
    labels = [label for label, found in points.items() if point in found]
    for a, b in combinations(labels, 2):
        contrast = measurements.contrast(Candidate(a, point), Candidate(b, point))
        if contrast is None:
            return True
        if settlement(contrast, run.header.plan.mode, margin=margin_between(run, a, b)) is not None:
            continue
        if not (stalled(contrast) or hopeless(contrast, to_come)):
            return True
    return False
