"""Which sizes between the powers of two are worth measuring, from what exploring saw: pure arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NEAR_BEST = 0.95
"""The smallest size with this share of the highest throughput is taken for the optimum: what exploring saw is rough."""
BOUND_SHARES = (0.95, 0.85)
"""Sizes are placed where the median latency is expected to be these shares of the bound, since percentiles lie above
the median."""


def around_best(latencies_ns: Mapping[int, float]) -> tuple[int, ...]:
    """The sizes half-way between the optimum and its neighbours.

    Args:
        latencies_ns: rough latency by batch size.
    """
    sizes = sorted(latencies_ns)
    if len(sizes) < 2:
        return ()
    rates = {size: size / latencies_ns[size] for size in sizes}
    best = min(size for size in sizes if rates[size] >= NEAR_BEST * max(rates.values()))
    place = sizes.index(best)
    neighbours = (*sizes[max(0, place - 1) : place], *sizes[place + 1 : place + 2])
    middles = {(best + other) // 2 for other in neighbours}
    return tuple(sorted(middles - set(sizes)))


def around_bound(latencies_ns: Mapping[int, float], bound_ns: float) -> tuple[int, ...]:
    """Sizes just below the one at which the latency crosses a bound, by interpolation; none where it is not crossed.

    Args:
        latencies_ns: rough latency by batch size.
        bound_ns: the bound.
    """
    return tuple(sorted(set(_crossings(latencies_ns, bound_ns)) - set(latencies_ns)))


def _crossings(latencies_ns: Mapping[int, float], bound_ns: float) -> Iterator[int]:
    sizes = sorted(latencies_ns)
    for share in BOUND_SHARES:
        target = share * bound_ns
        below = [size for size in sizes if latencies_ns[size] <= target]
        if not below or below[-1] == sizes[-1]:
            continue
        low, high = below[-1], sizes[sizes.index(below[-1]) + 1]
        slope = (latencies_ns[high] - latencies_ns[low]) / (high - low)
        yield low + int((target - latencies_ns[low]) / slope)
