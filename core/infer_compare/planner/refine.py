"""The choice of batch sizes between the powers of two that are worth measuring, from the rough latencies of exploring."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from infer_compare.interfaces import OperatingPoint

NEAR_BEST = 0.95
"""The smallest size with this share of the highest throughput counts as the optimum, since the latencies are rough."""
BOUND_SHARES = (0.95, 0.85)
"""Sizes are chosen whose median latency should be these shares of the bound, since high percentiles exceed the median."""


def around_best(latencies_ns: Mapping[OperatingPoint, float]) -> tuple[OperatingPoint, ...]:
    """Return the batch sizes half-way between the optimum and the tried sizes next to it.

    Args:
        latencies_ns: rough latency of points that differ in their batch size alone.
    """
    points = sorted(latencies_ns)
    if len(points) < 2:
        return ()
    rates = {point: point.batch / latencies_ns[point] for point in points}
    best = min(point for point in points if rates[point] >= NEAR_BEST * max(rates.values()))
    place = points.index(best)
    adjacent = (*points[max(0, place - 1) : place], *points[place + 1 : place + 2])
    middles = {best.with_batch((best.batch + other.batch) // 2) for other in adjacent}
    return tuple(sorted(middles - set(points)))


def around_bound(latencies_ns: Mapping[OperatingPoint, float], bound_ns: float) -> tuple[OperatingPoint, ...]:
    """Return batch sizes just below the size at which the latency crosses a bound, by interpolation.

    None are returned if all tried sizes are on the same side of the bound.

    Args:
        latencies_ns: rough latency of points that differ in their batch size alone.
        bound_ns: the latency bound.
    """
    return tuple(sorted(set(_crossings(latencies_ns, bound_ns)) - set(latencies_ns)))


def _crossings(latencies_ns: Mapping[OperatingPoint, float], bound_ns: float) -> Iterator[OperatingPoint]:
    points = sorted(latencies_ns)
    for share in BOUND_SHARES:
        target = share * bound_ns
        below = [point for point in points if latencies_ns[point] <= target]
        if not below or below[-1] == points[-1]:
            continue
        low, high = below[-1], points[points.index(below[-1]) + 1]
        slope = (latencies_ns[high] - latencies_ns[low]) / (high.batch - low.batch)
        yield low.with_batch(low.batch + int((target - latencies_ns[low]) / slope))
