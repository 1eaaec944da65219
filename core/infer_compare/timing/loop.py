"""The timed slice: consecutive calls of one contender at one operating point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.results.slices import PhaseTimes
from infer_compare.timing.collector import collector_paused
from infer_compare.timing.plan import SliceLimits, plan_slice
from infer_compare.timing.stamps import durations, run_calls, stamp_blocks, stamp_calls

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.timing.clock import Call, Clock


class TimedSlice(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a timed loop."""

    started_ns: int
    """The clock at the first stamp."""
    durations_ns: tuple[int, ...]
    """One entry per stamp after the first; each covers `calls_per_stamp` calls."""
    calls_per_stamp: int = 1
    discarded: int = 0
    """Calls before the first stamp."""
    samples: int | None = None
    """Samples of one call that is not a batch; None for the batch size."""
    phases: PhaseTimes | None = None
    """The parts of each iteration, if the loop times them separately."""

    @property
    def calls(self) -> int:
        """Number of timed calls."""
        return len(self.durations_ns) * self.calls_per_stamp


def timed_slice(calls: Sequence[Call], latency_ns: int, clock: Clock, limits: SliceLimits | None = None) -> TimedSlice:
    """Time consecutive calls, each of which returns when its work is done.

    Args:
        calls: one call per input buffer; they take turns.
        latency_ns: duration of a warm call, from `warm_up`, which determines how many calls are made.
        clock: the clock to read.
        limits: the constants of the protocol; by default those of `SliceLimits`.

    Raises:
        ValueError: `calls` is empty.
        Exception: any exception of a call; the state of the garbage collector is restored.
    """
    if not calls:
        raise ValueError("a timed slice needs at least one call")
    limits = limits or SliceLimits()
    plan = plan_slice(latency_ns, limits, buffers=len(calls))
    turns = tuple(calls)
    with collector_paused():
        run_calls(turns, plan.dropped)
        if plan.calls_per_stamp == 1:
            stamps = stamp_calls(turns, plan.stamps, clock, plan.ceiling_ns)
        else:
            stamps = stamp_blocks(turns, plan.calls_per_stamp, plan.stamps, clock, plan.ceiling_ns)
    return TimedSlice(
        started_ns=stamps[0],
        durations_ns=durations(stamps),
        calls_per_stamp=plan.calls_per_stamp,
        discarded=plan.dropped,
    )
