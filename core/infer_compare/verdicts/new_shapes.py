"""What a batch size costs that a running worker meets for the first time: compiling, tracing, tuning, allocating.

A worker that has run other sizes prepares for this one and calls the model. What that takes beyond a steady call is the
cost of the new shape. The first size of a worker does not count, since its first call also starts the framework.
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
    """What new batch sizes cost one contender, where that is much."""

    contender: str
    typical_ns: float
    """Median over the sizes."""
    least: OperatingPoint
    """The size that costs least."""
    least_ns: float
    most: OperatingPoint
    most_ns: float
    sizes: int


def new_shape_ns(run: Run) -> dict[Key, float]:
    """Return the cost of a new shape in nanoseconds by contender and point; those that no warm worker met are left out.

    Where exploring met a size in a warm worker, that alone counts: what compilers keep on disk makes later workers faster.
    Otherwise it is the median over the workers of restarts that met it warm. With the scope `dataset` a first call reads
    the data set, and only exploring counts.
    """
    found = dict(_explored(run))
    if run.header.options.scope == "dataset":
        return found
    later: dict[Key, list[float]] = defaultdict(list)
    for key, cost in _met_in_restarts(run):
        later[key].append(cost)
    return {key: median(costs) for key, costs in later.items()} | found


def costly_shapes(run: Run, costs: dict[Key, float]) -> tuple[NewShapes, ...]:
    """Return what new batch sizes cost each contender for which it matters, in the order of the contenders.

    It matters where the median over the sizes is long, and many times a steady call at the size.

    Args:
        run: the run.
        costs: those of `new_shape_ns`.
    """
    explored = run.explored
    found = []
    for label in run.labels:
        own = {point: cost for (contender, point), cost in costs.items() if contender == label}
        calls = [
            cost / outcome.latency_ns
            for point, cost in own.items()
            if isinstance(outcome := explored.get((label, point)), Measured)
        ]
        if not calls or median(list(own.values())) < NEW_SHAPE_NS or median(calls) < NEW_SHAPE_CALLS:
            continue
        least, most = min(own, key=own.__getitem__), max(own, key=own.__getitem__)
        found.append(
            NewShapes(
                contender=label,
                typical_ns=median(list(own.values())),
                least=least,
                least_ns=own[least],
                most=most,
                most_ns=own[most],
                sizes=len(own),
            )
        )
    return tuple(found)


def _explored(run: Run) -> Iterator[tuple[Key, float]]:
    """Yield what exploring saw in workers that had run another size before."""
    warm: set[str] = set()
    for probe in run.probes:
        outcome = probe.outcome
        if probe.phase != "explore":
            continue
        if not isinstance(outcome, Measured):
            # A worker that fails is replaced.
            warm.discard(probe.contender)
            continue
        if probe.contender in warm:
            yield (probe.contender, probe.point), _cost(outcome.prepare_ns, outcome.first_call_ns, outcome.latency_ns)
        warm.add(probe.contender)


def _met_in_restarts(run: Run) -> Iterator[tuple[Key, float]]:
    """Yield what workers of restarts took longer; those that confirm run one size each, and tell nothing."""
    lost = {(death.contender, death.restart) for death in run.deaths}
    warm: set[tuple[str, int]] = set()
    for one in run.rounds:
        if one.phase != "measure":
            continue
        for warm_up in one.warm_ups:
            worker = warm_up.contender, one.restart
            if worker in warm and worker not in lost:
                cost = _cost(warm_up.prepare_ns, warm_up.first_call_ns, warm_up.latency_ns)
                yield (warm_up.contender, warm_up.point), cost
            warm.add(worker)


def _cost(prepare_ns: float, first_call_ns: float, steady_ns: float) -> float:
    return max(0.0, prepare_ns + first_call_ns - steady_ns)
