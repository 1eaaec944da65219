"""What a latency bound leaves of each contender, and whether the best under it is shown to be the best."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.schema import UnderBound
from infer_compare.verdicts.looks import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infer_compare.results import Run
    from infer_compare.verdicts import Answer, BoundAnswer, BoundCheck, PairVerdict
    from infer_compare.verdicts.pairs import Side


def under_bound(run: Run, answer: Answer, bound: BoundAnswer) -> tuple[UnderBound, ...]:
    """One row a ranked contender, the highest throughput first, those without a size that holds last.

    Args:
        run: the run.
        answer: the answer that the bound belongs to.
        bound: what was found out about the bound.
    """
    bests = best_under_bound(bound)
    rows: list[UnderBound] = []
    for one in answer.by_contender:
        best = bests.get(one.contender)
        rows.append(
            UnderBound(
                contender=one.contender,
                name=run.name(one.contender),
                best=best,
                largest=next((check for check in bound.largest if check.contender == one.contender), None),
                behind=bound.best.throughput / best.throughput if best is not None and bound.best is not None else None,
            )
        )
    return tuple(sorted(rows, key=lambda row: -(row.best.throughput if row.best else 0.0)))


def unshown_under_bound(bound: BoundAnswer, pairs: Iterable[PairVerdict]) -> list[str]:
    """Names of the contenders that the best under the bound is not shown to beat under it.

    It is shown where it is faster than the other's best, at a size at which it keeps the bound too.

    Args:
        bound: what was found out about the bound.
        pairs: verdicts on contenders, at the same operating point or at the best of each.
    """
    if bound.best is None:
        return []
    winner = bound.best.contender
    holds = {check.point for check in bound.checks if check.contender == winner and check.holds}
    beaten = {
        (slower.label, slower.point)
        for faster, slower in _differences(pairs)
        if faster.label == winner and faster.point in holds
    }
    return [
        check.name
        for label, check in best_under_bound(bound).items()
        if label != winner and (label, check.point) not in beaten
    ]


def best_under_bound(bound: BoundAnswer) -> dict[str, BoundCheck]:
    """By contender, the highest throughput among the sizes shown to hold; contenders without one are left out."""
    bests: dict[str, BoundCheck] = {}
    for check in bound.checks:
        known = bests.get(check.contender)
        if check.holds and (known is None or check.throughput > known.throughput):
            bests[check.contender] = check
    return bests


def _differences(pairs: Iterable[PairVerdict]) -> Iterable[tuple[Side, Side]]:
    """The faster one and the slower one."""
    for pair in pairs:
        if pair.verdict is Verdict.FASTER:
            yield pair.a, pair.b
        elif pair.verdict is Verdict.SLOWER:
            yield pair.b, pair.a
