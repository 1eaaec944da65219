"""Slices of the `dataset` scope, in which an iteration is a whole pass over a data set."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from infer_compare.results.slices import PhaseTimes
from infer_compare.timing.collector import collector_paused
from infer_compare.timing.loop import TimedSlice
from infer_compare.timing.plan import SliceLimits, plan_slice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from infer_compare.timing.clock import Clock


class PassTimes(NamedTuple):
    """The duration of a pass in nanoseconds, and of its parts, summed over its batches."""

    began: int
    """The clock at its start."""
    total: int
    load: int
    """Assembling batches: the time that the loader took for each."""
    stage: int
    run: int
    """Run and synchronize."""
    fetch: int


def one_pass(
    batches: Callable[[], Iterable[Any]],
    stage: Callable[[Any], Any],
    run: Callable[[Any], object],
    fetch: Callable[[Any], object],
    clock: Clock,
) -> PassTimes:
    """Stage, run and fetch every batch of a data set; the start and end of the loader count as `load`.

    Args:
        batches: begins a new pass over the data set.
        stage: brings a batch to the device and returns the slot.
        run: runs a slot and returns when the work is done.
        fetch: brings a slot's outputs to the host; they are discarded.
        clock: the clock to read.
    """
    load = staged = ran = fetched = 0
    began = before = clock()
    for batch in batches():
        loaded = clock()
        slot = stage(batch)
        at_device = clock()
        run(slot)
        done = clock()
        fetch(slot)
        after = clock()
        load += loaded - before
        staged += at_device - loaded
        ran += done - at_device
        fetched += after - done
        before = after
    end = clock()
    return PassTimes(began, end - began, load + end - before, staged, ran, fetched)


def timed_passes(
    make_pass: Callable[[], PassTimes], samples: int, latency_ns: int, clock: Clock, limits: SliceLimits | None = None
) -> TimedSlice:
    """Time passes, one duration each.

    Args:
        make_pass: makes one pass.
        samples: how many samples the data set has.
        latency_ns: duration of a warm pass.
        clock: the clock to read.
        limits: the constants of the protocol; by default those of `SliceLimits`.
    """
    plan = plan_slice(latency_ns, limits or SliceLimits(), blocks=False)
    passes: list[PassTimes] = []
    with collector_paused():
        for _ in range(plan.dropped):
            make_pass()
        last = clock() + plan.ceiling_ns
        while len(passes) < plan.stamps:
            passes.append(make_pass())
            if clock() > last:
                break
    return TimedSlice(
        started_ns=passes[0].began,
        durations_ns=tuple(passed.total for passed in passes),
        discarded=plan.dropped,
        samples=samples,
        phases=PhaseTimes(
            load_ns=tuple(passed.load for passed in passes),
            stage_ns=tuple(passed.stage for passed in passes),
            run_ns=tuple(passed.run for passed in passes),
            fetch_ns=tuple(passed.fetch for passed in passes),
        ),
    )
