"""The two additional series of asynchronous devices: the pipelined period, and the time until `run` returns."""

from __future__ import annotations

from itertools import cycle, islice
from typing import TYPE_CHECKING

from infer_compare.timing.collector import collector_paused
from infer_compare.timing.loop import TimedSlice
from infer_compare.timing.plan import SliceLimits, plan_slice
from infer_compare.timing.stamps import durations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.timing.clock import Call, Clock


def pipelined(
    enqueues: Sequence[Call], waits: Sequence[Call], period_ns: int, clock: Clock, limits: SliceLimits | None = None
) -> TimedSlice:
    """Time the period of batches with one always enqueued ahead, which determines throughput.

    While the device works on a slot, the next is already enqueued, so the device need not idle while the host prepares. A duration is the
    time from the end of one slot to the end of the next, as seen by the host.

    Args:
        enqueues: one per slot; gives the slot's batch to the device, and may return before the work is done.
        waits: one per slot, in the same order; returns when that slot is done.
        period_ns: the expected time of a batch, which determines how many are run.
        clock: the clock to read.
        limits: the constants of the protocol. Calls never share a stamp here.

    Raises:
        ValueError: there are fewer than two slots, or not one wait for each.
    """
    if len(enqueues) < 2 or len(enqueues) != len(waits):
        raise ValueError(
            f"pipelining needs two slots or more, with one wait each, not {len(enqueues)} slots and {len(waits)} waits"
        )
    plan = plan_slice(period_ns, limits or SliceLimits(), blocks=False)
    stamps = [0] * (plan.stamps + 1)
    index = 0
    ahead = cycle(enqueues)
    behind = cycle(waits)
    with collector_paused():
        next(ahead)()
        for enqueue, wait in islice(zip(ahead, behind, strict=False), plan.dropped):
            enqueue()
            wait()
        stamps[0] = now = clock()
        last = now + plan.ceiling_ns
        for index, enqueue, wait in zip(range(1, plan.stamps + 1), ahead, behind, strict=False):
            enqueue()
            wait()
            stamps[index] = now = clock()
            if now > last:
                break
        # Wait for the batch that was enqueued ahead, so that it does not overlap with later work.
        next(behind)()
    del stamps[index + 1 :]
    return TimedSlice(started_ns=stamps[0], durations_ns=durations(stamps), discarded=plan.dropped)


def enqueued(
    runs: Sequence[Call], synchronize: Call, latency_ns: int, clock: Clock, limits: SliceLimits | None = None
) -> TimedSlice:
    """Time how long `run` takes to return: the host's share of an asynchronous call.

    After each call the device finishes its work, which is not timed. Otherwise the next `run` might wait for room in the device's queue,
    which is not time of the host.

    Args:
        runs: one per slot; they take turns.
        synchronize: returns when the device has finished all work.
        latency_ns: duration of a synchronised call, which determines how many are made.
        clock: the clock to read.
        limits: the constants of the protocol. Calls never share a stamp here.

    Raises:
        ValueError: `runs` is empty.
    """
    if not runs:
        raise ValueError("a timed slice needs at least one call")
    plan = plan_slice(latency_ns, limits or SliceLimits(), blocks=False)
    times = [0] * plan.stamps
    index = 0
    turns = tuple(runs)
    with collector_paused():
        for run in islice(cycle(turns), plan.dropped):
            run()
            synchronize()
        started_ns = clock()
        last = started_ns + plan.ceiling_ns
        for index, run in zip(range(plan.stamps), cycle(turns), strict=False):
            before = clock()
            run()
            times[index] = clock() - before
            synchronize()
            if before > last:
                break
    return TimedSlice(started_ns=started_ns, durations_ns=tuple(times[: index + 1]), discarded=plan.dropped)
