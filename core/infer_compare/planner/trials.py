"""What trial calls tell of a race: who is too far behind to be tried further, or at all. Pure.

Every candidate, a contender at a size, has bounds of its throughput. One whose upper bound lies below the lower bound of another
cannot be the fastest; as long as the bounds are honest, the fastest one never leaves.
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
"""A trial call is off by this factor at most, in either direction: it is one of few, on a machine that may be disturbed."""
DISTURBED = 2.5
"""The same where other programs disturbed the trial calls of a contender."""
RISING = 2.0
"""A contender reaches at most this multiple of what the straight line through its sizes leads to: larger batches are also computed
more efficiently."""
FAR_BEHIND = 2.0
"""A contender that is slower than another one by less than this factor at the same size may be faster at larger ones."""
FEW_SIZES = 3
"""Fewer sizes do not show where a curve leads to."""
UNTRIED = 1.6
"""What several instances can gain over one with all threads, at most: 1.4 was seen."""


class Bounds(NamedTuple):
    """Between which a throughput lies, in any unit that all of a comparison share."""

    low: float
    high: float


def outpaced(bounds: Mapping[Candidate, Bounds], leading: Collection[Candidate] | None = None) -> frozenset[Candidate]:
    """Return the candidates that cannot be the fastest: another one is faster at its worst than they are at their best.

    Args:
        bounds: of each candidate.
        leading: those that may outpace others; all of them by default.
    """
    floor = max((own.low for candidate, own in bounds.items() if leading is None or candidate in leading), default=0.0)
    return frozenset(candidate for candidate, own in bounds.items() if own.high < floor)


def trial_bounds(run: Run, labels: Collection[str], disturbed: Collection[str] = ()) -> dict[Candidate, Bounds]:
    """Return what trial calls tell of the throughput of each candidate, in samples a second. Those that cannot keep the latency
    bound of the run are left out.

    Args:
        run: as far as it was explored.
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
    """Return whether a contender that is being tried cannot reach a throughput, at larger sizes either.

    Small sizes show what a call costs, not what a sample does. So it must be far behind at each size that both have run, and the
    straight line through its latencies must lead to less than the other one reaches.

    Args:
        latencies_ns: rough latency of the sizes that ran.
        instances: how many run at the same time.
        lead: samples a second of the contender that leads, by size.
    """
    setting = max((point.axes for point in latencies_ns), default=())
    tried = sorted((point, latency) for point, latency in latencies_ns.items() if point.axes == setting)
    if len(tried) < FEW_SIZES:
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
    """Return the contender that differs from this one only in that it is one instance with more threads; None without one."""
    if spec.instances == 1:
        return None
    alike = msgspec.structs.replace(spec, label="", threads=None, instances=1)
    for other in specs:
        if other.instances == 1 and msgspec.structs.replace(other, label="", threads=None) == alike:
            return other
    return None
