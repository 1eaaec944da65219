"""Slices of the `end_to_end` scope, in which staging, running and fetching are timed separately."""

from __future__ import annotations

from itertools import cycle, islice
from typing import TYPE_CHECKING, TypeVar

from infer_compare.results.slices import PhaseTimes
from infer_compare.timing.collector import collector_paused
from infer_compare.timing.loop import TimedSlice
from infer_compare.timing.plan import SliceLimits, plan_slice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.timing.clock import Clock

Staged = TypeVar("Staged")


def timed_phases(
    stages: Sequence[Callable[[], Staged]],
    run: Callable[[Staged], object],
    fetch: Callable[[Staged], object],
    latency_ns: int,
    clock: Clock,
    limits: SliceLimits | None = None,
) -> TimedSlice:
    """Time iterations of stage, run and fetch, with four stamps each.

    The parts follow each other with one stamp between them, so the duration of an iteration is their sum. The loop's overhead between
    iterations is not included.

    Args:
        stages: one per input buffer, each bringing its batch to the device and returning the slot; they take turns.
        run: runs a slot and returns when the work is done (run and synchronize).
        fetch: brings a slot's outputs to the host; discarding them is timed too.
        latency_ns: duration of a warm iteration.
        clock: the clock to read.
        limits: the constants of the protocol; by default those of `SliceLimits`. Calls never share a stamp here.

    Raises:
        ValueError: `stages` is empty.
    """
    if not stages:
        raise ValueError("a timed slice needs at least one input buffer")
    plan = plan_slice(latency_ns, limits or SliceLimits(), blocks=False)
    turns = tuple(stages)
    begun, staged, ran, fetched = ([0] * plan.stamps for _ in range(4))
    index = 0
    with collector_paused():
        for stage in islice(cycle(turns), plan.dropped):
            slot = stage()
            run(slot)
            fetch(slot)
        started_ns = clock()
        last = started_ns + plan.ceiling_ns
        for index, stage in zip(range(plan.stamps), cycle(turns), strict=False):
            begun[index] = clock()
            slot = stage()
            staged[index] = clock()
            run(slot)
            ran[index] = clock()
            fetch(slot)
            fetched[index] = now = clock()
            if now > last:
                break
    count = index + 1
    return TimedSlice(
        started_ns=begun[0],
        durations_ns=_between(begun, fetched, count),
        discarded=plan.dropped,
        phases=PhaseTimes(
            stage_ns=_between(begun, staged, count),
            run_ns=_between(staged, ran, count),
            fetch_ns=_between(ran, fetched, count),
        ),
    )


def _between(before: list[int], after: list[int], count: int) -> tuple[int, ...]:
    """Return the times from one list of stamps to the other, entry by entry, for the first `count`."""
    return tuple(end - start for start, end in zip(before[:count], after[:count], strict=True))
