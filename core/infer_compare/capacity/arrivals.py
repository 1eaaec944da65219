"""Moments at which requests arrive: a process, or a recording."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from infer_compare.errors import UsageError
from infer_compare.limits import FASTEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from infer_compare.capacity.values import Load

    Floats = NDArray[np.float64]

MOST_ARRIVALS = 100_000
"""The most time stamps that a recording may have."""
FEWEST_SHARED = 100
"""The fewest recorded requests for each machine that shares them."""
LEAST_BURSTINESS = 1e-9
"""Lower values are treated as this one: arrivals are evenly spaced."""


def parse_arrivals(text: str, name: str) -> tuple[float, ...]:
    """Return the time stamps in a text: one per line, in seconds, ascending; empty lines and `#` comments are skipped.

    Args:
        text: the content.
        name: of the file, for errors.

    Raises:
        UsageError: a line is not a number, a stamp is before the one above it, or there are fewer than two.
    """
    stamps: list[float] = []
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.partition("#")[0].strip()
        if not content:
            continue
        try:
            stamp = float(content)
        except ValueError:
            raise UsageError(
                f"{name}, line {number}: {content[:40]!r} is not a number; write one time stamp a line, in seconds."
            ) from None
        if not math.isfinite(stamp):
            raise UsageError(
                f"{name}, line {number}: {content[:40]!r} is not finite; write one time stamp a line, in seconds."
            )
        if stamps and stamp < stamps[-1]:
            raise UsageError(
                f"{name}, line {number}: {content[:40]} comes before {stamps[-1]:g} above it; sort the time stamps."
            )
        stamps.append(stamp)
    check_arrivals(stamps, name)
    return tuple(stamps)


def check_arrivals(stamps: Sequence[float], name: str = "arrivals") -> None:
    """Raise `UsageError` unless these are two or more finite, ascending moments with time between the first and the last."""
    if len(stamps) < 2:
        raise UsageError(f"{name}: {len(stamps)} time stamp{'s' * (len(stamps) != 1)}; record two or more.")
    if len(stamps) > MOST_ARRIVALS:
        raise UsageError(
            f"{name}: {len(stamps):,} time stamps; keep {MOST_ARRIVALS:,} at most, such as those of the busiest hour."
        )
    for before, after in pairwise(stamps):
        if not after >= before:
            raise UsageError(f"{name}: {after:g} comes after {before:g}; sort the time stamps.")
    span = stamps[-1] - stamps[0]
    if not math.isfinite(span):
        raise UsageError(f"{name}: a time stamp is not finite, or far too large; give seconds.")
    if span * FASTEST < len(stamps) - 1:
        raise UsageError(f"{name}: all requests arrive at the same moment; record some time between them.")


def recorded_rate(stamps: Sequence[float]) -> float:
    """Return the mean rate of a recording in requests per second: its number of intervals over its duration."""
    return (len(stamps) - 1) / (stamps[-1] - stamps[0])


def busiest(stamps: Sequence[float], count: int) -> tuple[float, ...]:
    """Return the shortest stretch of a recording that has `count` requests, or all of a shorter recording."""
    import numpy as np

    if len(stamps) <= count:
        return tuple(stamps)
    moments = np.array(stamps)
    first = int((moments[count - 1 :] - moments[: 1 - count]).argmin())
    return tuple(stamps[first : first + count])


@lru_cache(maxsize=32)
def unit_arrivals(burstiness: float, count: int, seed: tuple[int, ...]) -> Floats:
    """Return arrival times at a mean rate of one request per second, with gamma-distributed intervals.

    A gamma distribution of shape `1 / c` has the squared coefficient of variation c; at c = 1 it is the exponential distribution,
    and the arrivals are a Poisson process. Every rate uses the same draws, scaled, so a search compares like with like.

    Args:
        burstiness: the squared coefficient of variation of the intervals.
        count: how many arrivals.
        seed: of the random numbers.
    """
    import numpy as np

    generator = np.random.default_rng((*seed, 1))
    burstiness = max(burstiness, LEAST_BURSTINESS)
    moments = np.cumsum(generator.gamma(1 / burstiness, burstiness, count))
    moments.setflags(write=False)
    return moments


def arrivals_at(load: Load, rate: float, count: int, seed: tuple[int, ...], machines: int = 1) -> list[float]:
    """Return the arrival times, in seconds, at one of several machines that share a load at random.

    If the intervals of the whole load have the squared coefficient of variation c, those of one of m machines have
    `1 + (c - 1) / m`: each is the sum of a geometric number of intervals, of mean m. A Poisson process remains one. A recording
    is thinned at random in the same way, and stretched or compressed to the rate.

    Args:
        load: a process or a recording.
        rate: requests per second at this machine.
        count: how many requests of a process to draw; ignored for a recording.
        seed: of the random numbers.
        machines: how many share the load.

    Raises:
        UsageError: a recording is too short for that many machines.
    """
    import numpy as np

    if not load.arrivals_s:
        burstiness = 1 + (load.burstiness - 1) / machines
        return _listed(unit_arrivals(burstiness, count, seed) / rate)
    stamps = np.array(load.arrivals_s)
    stamps -= stamps[0]
    stamps *= recorded_rate(load.arrivals_s) / (rate * machines)
    if machines > 1:
        if stamps.size < FEWEST_SHARED * machines:
            raise UsageError(
                f"{stamps.size:,} recorded arrivals are too few to be shared by {machines:,} machines; record "
                f"{FEWEST_SHARED * machines:,} or more."
            )
        stamps = stamps[np.random.default_rng((*seed, 2)).integers(0, machines, stamps.size) == 0]
    return _listed(stamps)


def _listed(moments: Floats) -> list[float]:
    """Return an array as a list: a loop reads its numbers several times faster."""
    listed: list[float] = moments.tolist()
    return listed
