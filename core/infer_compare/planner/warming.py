"""The contenders and points whose workers can warm up more briefly in later restarts, from the records so far."""

from __future__ import annotations

from collections import defaultdict
from statistics import median, median_low
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.results import Round


def settled(rounds: Iterable[Round]) -> frozenset[tuple[str, OperatingPoint]]:
    """Return the contenders and operating points at which every worker so far reached its final speed at once.

    Args:
        rounds: those so far, with the warm-ups before them.
    """
    always_settled: dict[tuple[str, OperatingPoint], bool] = {}
    for warmed in (warm_up for done in rounds for warm_up in done.warm_ups):
        always_settled[warmed.contender, warmed.point] = (
            always_settled.get((warmed.contender, warmed.point), True) and warmed.settled
        )
    return frozenset(key for key, always in always_settled.items() if always)


def known_latencies_ns(rounds: Iterable[Round]) -> dict[tuple[str, OperatingPoint], int]:
    """Return the median latency of each contender and operating point over the accepted slices so far."""
    calls: dict[tuple[str, OperatingPoint], list[int]] = defaultdict(list)
    for done in rounds:
        for piece in done.slices:
            if piece.rejected is None and piece.series == "latency" and piece.instances is None and piece.calls:
                calls[piece.contender, done.point].append(round(median(piece.durations_ns) / piece.calls_per_stamp))
    return {key: median_low(latencies) for key, latencies in calls.items()}
