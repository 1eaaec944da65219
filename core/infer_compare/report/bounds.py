"""The contenders under a latency bound, and whether the best of them is confirmed."""

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
    """Return a row for each ranked contender: the highest throughput first, contenders without a size that holds last.

    Args:
        run: the run.
        answer: the answer without the bound.
        bound: the answer under the bound.
    """
    bests = best_under_bound(bound)
    rows: list[UnderBound] = []
    for candidate in answer.by_contender:
        best = bests.get(candidate.contender)
        rows.append(
            UnderBound(
                contender=candidate.contender,
                name=run.name(candidate.contender),
                best=best,
                largest=next((check for check in bound.largest if check.contender == candidate.contender), None),
                behind=bound.best.throughput / best.throughput if best is not None and bound.best is not None else None,
            )
        )
    return tuple(sorted(rows, key=lambda row: -(row.best.throughput if row.best else 0.0)))


def unshown_under_bound(bound: BoundAnswer, pairs: Iterable[PairVerdict]) -> list[str]:
    """Return the names of the contenders that the best under the bound is not proven to beat.

    It is proven if the best is faster than the other's best, at a size at which it keeps the bound too.

    Args:
        bound: the answer under the bound.
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
    """Return each contender's highest throughput among the sizes proven to hold; contenders without such a size are omitted."""
    bests: dict[str, BoundCheck] = {}
    for check in bound.checks:
        known = bests.get(check.contender)
        if check.holds and (known is None or check.throughput > known.throughput):
            bests[check.contender] = check
    return bests


def _differences(pairs: Iterable[PairVerdict]) -> Iterable[tuple[Side, Side]]:
    """Yield the faster and the slower side of each pair that differs."""
    for pair in pairs:
        if pair.verdict is Verdict.FASTER:
            yield pair.a, pair.b
        elif pair.verdict is Verdict.SLOWER:
            yield pair.b, pair.a
