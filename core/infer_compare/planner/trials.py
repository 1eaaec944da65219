"""The use of trial calls in a race: they show which contenders are too slow to be tried further, or at all.

Every candidate, a contender at a batch size, has bounds of its throughput. A candidate whose upper bound is below the lower
bound of another cannot be the fastest. As long as the bounds hold, the fastest candidate is never dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from infer_compare.results import Measured
from infer_compare.verdicts.measurements import Candidate

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.results import ContenderSpec, Run

ROUGH = 1.3
"""The latency of trial calls is wrong by this factor at most: they are few, and the machine may be disturbed."""
DISTURBED = 2.5
"""The same for a contender whose trial calls other programs disturbed."""
RISING = 2.0
"""A contender reaches at most this multiple of the throughput to which the line through its latencies converges: larger batches
are also computed more efficiently."""
FAR_BEHIND = 2.0
"""A contender that is slower than another at a size by less than this factor may be faster at larger sizes."""
FEW_SIZES = 3
"""Number of sizes from which a curve can be extrapolated."""
CHEAP_NS = 1e6
"""Trying a size costs next to nothing up to this latency, so no curve is extrapolated from such sizes alone: an int8 model took 6, 6
and 9 us at batch 1, 2 and 4, which promised a third of the throughput that it reached at 2,048."""
UNTRIED = 1.6
"""The most that several instances can gain over one with all threads: 1.4 was seen."""


class Bounds(NamedTuple):
    """Lower and upper bound of a throughput, in any unit that is the same throughout a comparison."""

    low: float
    high: float


def outpaced(bounds: Mapping[Candidate, Bounds], leading: Collection[Candidate] | None = None) -> frozenset[Candidate]:
    """Return the candidates that cannot be the fastest: their upper bound is below the lower bound of another.

    Args:
        bounds: of each candidate.
        leading: the candidates that may outpace others; all by default.
    """
    lows = (limits.low for candidate, limits in bounds.items() if leading is None or candidate in leading)
    floor = max(lows, default=0.0)
    return frozenset(candidate for candidate, limits in bounds.items() if limits.high < floor)


def trial_bounds(run: Run, labels: Collection[str], disturbed: Collection[str] = ()) -> dict[Candidate, Bounds]:
    """Return bounds of the throughput of each candidate by its trial calls, in samples per second.

    Candidates that cannot keep the latency bound of the run are left out.

    Args:
        run: so far, with the records of exploring.
        labels: the contenders.
        disturbed: those whose trial calls other programs disturbed.
    """
    bound_ns = run.header.options.latency_bound_ns
    instances = {spec.label: spec.instances for spec in run.header.contenders}
    bounds = {}
    for (label, point), outcome in run.explored.items():
        if label in labels and isinstance(outcome, Measured):
            factor = DISTURBED if label in disturbed else ROUGH
            if bound_ns is not None and outcome.latency_ns > factor * bound_ns:
                continue
            rate = instances[label] * point.batch * 1e9 / outcome.latency_ns
            bounds[Candidate(label, point)] = Bounds(rate / factor, rate * factor)
    return bounds


def gives_up(
    latencies_ns: Mapping[OperatingPoint, float], instances: int, lead: Mapping[OperatingPoint, Bounds]
) -> bool:
    """Return whether a contender that is being tried cannot reach the leader's throughput, not even at larger sizes.

    Small sizes mostly show the cost per call, not the cost per sample. The contender must therefore be far behind at each size
    that both have run, and the line through its latencies must converge to less than the leader's throughput. While calls are short
    it is simply tried further.

    Args:
        latencies_ns: rough latency of the sizes that ran.
        instances: how many run at the same time.
        lead: bounds of the leader's throughput by size, in samples per second.
    """
    setting = max((point.axes for point in latencies_ns), default=())
    tried = sorted((point, latency) for point, latency in latencies_ns.items() if point.axes == setting)
    if len(tried) < FEW_SIZES or tried[-1][1] < CHEAP_NS:
        return False
    rates = {point: instances * point.batch * 1e9 / latency for point, latency in tried}
    shared = [point for point in rates if point in lead]
    if not shared or any(rates[point] * FAR_BEHIND > lead[point].high / ROUGH for point in shared):
        return False
    per_sample = min(
        (later - earlier) / (larger.batch - smaller.batch)
        for (smaller, earlier), (larger, later) in ((tried[0], tried[-1]), tried[-2:])
    )
    if per_sample <= 0:
        return False
    floor = max(bounds.low for point, bounds in lead.items() if point.axes == setting)
    return max(*rates.values(), instances * 1e9 / per_sample) * RISING < floor


def base_of(spec: ContenderSpec, specs: Iterable[ContenderSpec]) -> ContenderSpec | None:
    """Return the contender that differs from one of several instances only by being a single instance; None without one."""
    if spec.instances == 1:
        return None
    alike = msgspec.structs.replace(spec, label="", threads=None, instances=1)
    for other in specs:
        if other.instances == 1 and msgspec.structs.replace(other, label="", threads=None) == alike:
            return other
    return None
