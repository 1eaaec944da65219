"""The arrivals of a replay."""

from __future__ import annotations

from bisect import bisect_left
from math import ceil
from typing import TYPE_CHECKING

from infer_compare.capacity.arrivals import arrivals_at, recorded_rate
from infer_compare.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.capacity.values import Load

SEGMENT_S = 6.0
"""The least length of a segment of a replay."""
MOST_SEGMENTS = 8
MOST_REQUESTS = 1_000_000
REPLAYED = 99
"""Added to the seed, because the arrivals of a replay must differ from those of simulations with the same seed."""


def schedule(load: Load, seconds: float, machines: int, seed: int) -> list[float]:
    """Return the moments at which requests arrive at one machine, in seconds from the beginning.

    Args:
        load: a rate, or recorded moments, which are repeated if they end too early.
        seconds: how long requests arrive.
        machines: the number of machines that share the load.
        seed: seed of the random numbers.

    Raises:
        UsageError: the load has no rate, or no request arrives in that time, or more than can be replayed.
    """
    if load.rate is None and not load.arrivals_s:
        raise UsageError("A replay needs a rate, such as --rate 200/s, or recorded arrivals.")
    rate = (recorded_rate(load.arrivals_s) if load.rate is None else load.rate) / machines
    expected = rate * seconds
    if expected > MOST_REQUESTS:
        raise UsageError(
            f"A replay of {seconds:g} s at {rate:.4g}/s has {expected:,.0f} requests; {MOST_REQUESTS:,} are the most: replay for "
            f"{MOST_REQUESTS / rate:.2g} s."
        )
    # Five standard deviations more than expected, because a process that ends early would look like a lower rate.
    count = ceil(expected + 5 * (max(1.0, load.burstiness) * expected) ** 0.5 + 10)
    moments = arrivals_at(load, rate, count, (seed, REPLAYED), machines)
    if load.arrivals_s and moments:
        period = max(moments[-1] + 1 / rate, 1 / rate)
        moments = [round_ * period + moment for round_ in range(ceil(seconds / period)) for moment in moments]
    arriving = [moment for moment in moments if moment < seconds]
    if not arriving:
        raise UsageError(f"No request arrives within {seconds:g} s at {rate:g}/s; replay for longer.")
    return arriving


def segments_of(arrivals_s: Sequence[float], seconds: float) -> list[list[float]]:
    """Split arrivals into segments of equal length: as many as are at least `SEGMENT_S` long, up to `MOST_SEGMENTS`.

    Segments without arrivals are left out.

    Args:
        arrivals_s: moments in seconds, ascending.
        seconds: how long requests arrive.
    """
    number = max(1, min(MOST_SEGMENTS, int(seconds / SEGMENT_S)))
    cuts = [bisect_left(arrivals_s, seconds * place / number) for place in range(number)]
    ends = [*cuts[1:], len(arrivals_s)]
    return [[*arrivals_s[begin:end]] for begin, end in zip(cuts, ends, strict=True) if begin < end]
