"""The cost of a batch size that a running worker meets for the first time: compiling, tracing, tuning, allocating.

The cost is the time that a worker which has run other sizes takes to prepare and first call a new size, beyond a steady call.
The first size of a worker does not count, since its first call also starts the framework.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.results import Measured
from infer_compare.stats.quantiles import median
from infer_compare.verdicts.protocol import NEW_SHAPE_CALLS, NEW_SHAPE_NS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.results import Run

Key = tuple[str, OperatingPoint]


class NewShapes(msgspec.Struct, frozen=True, kw_only=True):
    """The cost of new batch sizes for one contender."""

    contender: str
    typical_ns: float
    """Median over the sizes."""
    least: OperatingPoint
    """The size with the lowest cost."""
    least_ns: float
    most: OperatingPoint
    """The size with the highest cost."""
    most_ns: float
    sizes: int
    """Number of sizes."""


def new_shape_ns(run: Run) -> dict[Key, float]:
    """Return the cost of a new shape in nanoseconds by contender and point; points that no warm worker met are left out.

    If exploring met a size in a warm worker, that alone counts, since compilers' caches on disk make later workers faster.
    Otherwise the cost is the median over warm workers of restarts. With the scope `dataset`, a first call reads the data set,
    and only exploring counts.
    """
    explored = dict(_explored(run))
    if run.header.options.scope == "dataset":
        return explored
    later: dict[Key, list[float]] = defaultdict(list)
    for key, cost in _met_in_restarts(run):
        later[key].append(cost)
    return {key: median(costs) for key, costs in later.items()} | explored


def costly_shapes(run: Run, costs: dict[Key, float]) -> tuple[NewShapes, ...]:
    """Return the contenders for which new batch sizes are costly, in the order of the run.

    They are costly if the median over the sizes is long, both in absolute terms and compared with a steady call.

    Args:
        run: the run.
        costs: as returned by `new_shape_ns`.
    """
    explored = run.explored
    shapes = []
    for label in run.labels:
        by_point = {point: cost for (contender, point), cost in costs.items() if contender == label}
        calls = [
            cost / outcome.latency_ns
            for point, cost in by_point.items()
            if isinstance(outcome := explored.get((label, point)), Measured)
        ]
        if not calls or median(list(by_point.values())) < NEW_SHAPE_NS or median(calls) < NEW_SHAPE_CALLS:
            continue
        least, most = min(by_point, key=by_point.__getitem__), max(by_point, key=by_point.__getitem__)
        shapes.append(
            NewShapes(
                contender=label,
                typical_ns=median(list(by_point.values())),
                least=least,
                least_ns=by_point[least],
                most=most,
                most_ns=by_point[most],
                sizes=len(by_point),
            )
        )
    return tuple(shapes)


def _explored(run: Run) -> Iterator[tuple[Key, float]]:
    """Yield the costs seen while exploring, in workers that had run another size before."""
    warm: set[str] = set()
    for probe in run.probes:
        outcome = probe.outcome
        if probe.phase != "explore":
            continue
        if not isinstance(outcome, Measured):
            # A failed worker is replaced by a fresh one.
            warm.discard(probe.contender)
            continue
        if probe.contender in warm:
            yield (probe.contender, probe.point), _cost(outcome.prepare_ns, outcome.first_call_ns, outcome.latency_ns)
        warm.add(probe.contender)


def _met_in_restarts(run: Run) -> Iterator[tuple[Key, float]]:
    """Yield the costs seen in workers of restarts; workers that confirm run a single size each, and show none."""
    lost = {(death.contender, death.restart) for death in run.deaths}
    warm: set[tuple[str, int]] = set()
    for round_ in run.rounds:
        if round_.phase != "measure":
            continue
        for warm_up in round_.warm_ups:
            worker = warm_up.contender, round_.restart
            if worker in warm and worker not in lost:
                cost = _cost(warm_up.prepare_ns, warm_up.first_call_ns, warm_up.latency_ns)
                yield (warm_up.contender, warm_up.point), cost
            warm.add(worker)


def _cost(prepare_ns: float, first_call_ns: float, steady_ns: float) -> float:
    return max(0.0, prepare_ns + first_call_ns - steady_ns)
