"""A check of the thread budget, by the processor time that slices used."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infer_compare.results.records import Plan
    from infer_compare.results.slices import Slice


def excess_cores(slices: Iterable[Slice], plan: Plan, threads: int) -> float | None:
    """Return how many cores a contender kept busy, if that exceeds its thread budget; else None.

    The figure is the median over accepted slices of its workers' processor time divided by elapsed time. Other programs can
    only lower it, and a single slice in which a framework did one-time work does not decide. Old runs have no allowance in
    their plan, and are not checked.

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
