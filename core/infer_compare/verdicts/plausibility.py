"""A check of measured speeds against the arithmetic that the machine can do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.stats.quantiles import median
from infer_compare.verdicts.obstacles import ClockWrong
from infer_compare.verdicts.protocol import PEAK_EXCESS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infer_compare.results import Point, Run


def impossible(run: Run, points: Iterable[Point]) -> dict[str, ClockWrong]:
    """Return the contenders whose timing is implausible.

    The arithmetic per sample times the throughput is compared with the machine's fastest matrix product in the contender's
    effective precision. Without either figure a contender is not checked.

    Args:
        run: the run.
        points: its points.
    """
    work = run.header.model.flops_per_sample
    peaks = run.header.environment.peak_flops
    wrong: dict[str, ClockWrong] = {}
    if not work or not peaks:
        return wrong
    for point in points:
        start = run.start(point.contender)
        peak = peaks.get((start.effective if start else {}).get("precision", "float32"))
        slices = point.clean_slices
        on_host = run.contender(point.contender).on_host
        if peak is None or point.contender in wrong or not slices or not on_host:
            continue
        rate = work * (slices[0].samples or point.point.batch) * 1e9 / median([piece.pace_ns for piece in slices])
        if rate > PEAK_EXCESS * peak:
            wrong[point.contender] = ClockWrong(point=point.point, flops_per_s=rate, excess=rate / peak)
    return wrong
