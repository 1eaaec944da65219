"""The thread budget: whether what was timed kept it, by the processor time that it used."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infer_compare.results.records import Plan
    from infer_compare.results.slices import Slice


def excess_cores(slices: Iterable[Slice], plan: Plan, threads: int) -> float | None:
    """Return how many cores the accepted slices kept busy, where that is more than the thread budget allows; else None.

    It is the median over slices of its workers' own processor time over elapsed time. Other programs can only lower that,
    and a slice in which a framework did something once does not decide. Runs without a recorded allowance have none.

    Args:
        slices: of one contender at one operating point, on the processor.
        plan: of the run.
        threads: the budget of all instances of the contender together.
    """
    if plan.budget_excess is None:
        return None
    shares = [
        piece.diagnostics.own_cpu_ns / piece.diagnostics.wall_ns
        for piece in slices
        if piece.rejected is None and piece.diagnostics is not None and piece.diagnostics.wall_ns > 0
    ]
    if not shares:
        return None
    from statistics import median

    used = median(shares)
    return used if used > threads * (1 + plan.budget_excess) else None
