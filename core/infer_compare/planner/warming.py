"""Where workers of later restarts need not warm up for as long as the first ones did: pure, from what is stored."""

from __future__ import annotations

from collections import defaultdict
from statistics import median_low
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.results import Round

LONG_NS = 10_000_000
"""Of shorter calls, warming up makes many in no time."""


def settled(rounds: Iterable[Round]) -> frozenset[tuple[str, OperatingPoint]]:
    """Return the contenders and operating points at which every worker so far was as fast at once as it was later.

    Args:
        rounds: those so far, with the warm-ups that were needed before them.
    """
    always_settled: dict[tuple[str, OperatingPoint], bool] = {}
    for warmed in (warm_up for done in rounds for warm_up in done.warm_ups):
        always_settled[warmed.contender, warmed.point] = (
            always_settled.get((warmed.contender, warmed.point), True) and warmed.settled
        )
    return frozenset(key for key, always in always_settled.items() if always)


def long_latencies_ns(rounds: Iterable[Round]) -> dict[tuple[str, OperatingPoint], int]:
    """Return what a call took in the accepted slices so far, at their median, of the contenders and points where it is long.

    Args:
        rounds: those so far.
    """
    calls: dict[tuple[str, OperatingPoint], list[int]] = defaultdict(list)
    for done in rounds:
        for piece in done.slices:
            if piece.rejected is None and piece.series == "latency" and piece.instances is None and piece.calls:
                calls[piece.contender, done.point].append(round(piece.total_ns / piece.calls))
    return {key: middle for key, own in calls.items() if (middle := median_low(own)) > LONG_NS}
