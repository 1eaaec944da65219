"""Warming up a staged operating point, and timing its slices."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import msgspec

from infer_compare.environment import memory
from infer_compare.environment.core_speed import await_usual
from infer_compare.results.slices import SliceMemory
from infer_compare.timing import BRIEF, SliceLimits, WarmUpLimits, warm_up
from infer_compare.timing.start import sleep_until, wait_until
from infer_compare.worker.child.staged import ACCELERATOR_LIMITS
from infer_compare.worker.protocol import Timed, WarmedUp

if TYPE_CHECKING:
    from infer_compare.interfaces import Session
    from infer_compare.timing import Clock
    from infer_compare.worker.child.meters import Meters
    from infer_compare.worker.child.passes import Passes
    from infer_compare.worker.child.staged import Staged
    from infer_compare.worker.protocol import TimeSlice, WarmUp

SNAPSHOT_NS = 4_000_000
"""Time reserved for reading the counters before instances begin together; enough with hundreds of processes on the machine."""


def warm(session: Session[Any], staged: Staged | Passes, clock: Clock, request: WarmUp, *, prepare_ns: int) -> WarmedUp:
    """Run a staged operating point until its speed is steady.

    Args:
        session: runs the point.
        staged: the point.
        clock: times its calls.
        request: how thoroughly to check.
        prepare_ns: how long preparing the point took.
    """
    scale = staged.calls_per_warm
    limits = BRIEF if request.brief else WarmUpLimits()
    if request.known_ns is not None:
        limits = msgspec.structs.replace(limits, known_ns=max(1, round(request.known_ns / scale)))
    with session.running():
        result = warm_up(staged.calls, clock, limits)
    return WarmedUp(
        prepare_ns=prepare_ns,
        first_call_ns=result.first_call_ns,
        calls=result.calls,
        total_ns=result.total_ns,
        latency_ns=max(1, round(result.latency_ns * scale)),
        steady=result.steady,
        compilations=session.compilations(),
        settled=result.settled,
    )


def time_slice(
    session: Session[Any], staged: Staged | Passes, meters: Meters, request: TimeSlice, *, asynchronous: bool
) -> Timed:
    """Time a slice, and count its disturbances.

    Args:
        session: runs the operating point.
        staged: the operating point.
        meters: clock and counters.
        request: the series, and how long to run it.
        asynchronous: whether the device is asynchronous.
    """
    noise, gpu = meters.noise, meters.gpu
    limits = ACCELERATOR_LIMITS if asynchronous else SliceLimits(slice_ns=noise.slice_ns)
    if request.long_ns is not None:
        limits = msgspec.structs.replace(limits, long_ns=request.long_ns)
    if request.long_calls is not None:
        limits = msgspec.structs.replace(limits, long_calls=request.long_calls)
    if request.series == "sustained":
        limits = msgspec.structs.replace(limits, slice_ns=request.sustain_ns)
    own = os.getpid()
    peak_known = memory.reset_peak(own)
    resident = memory.resident(own)
    gpu_before = gpu.snapshot() if gpu is not None else None
    core_ns = 0
    if meters.core_ns is not None:
        # Instances begin together, so they do not wait.
        limit_ns = request.core_ns if request.start_ns is None else None
        core_ns = await_usual(meters.core_ns, limit_ns, meters.clock, meters.sleep)
    if request.start_ns is not None:
        sleep_until(request.start_ns - SNAPSHOT_NS, meters.clock, meters.sleep)
    before = noise.snapshot()
    with session.running():
        if request.start_ns is not None:
            wait_until(request.start_ns, meters.clock, meters.sleep)
        timed = staged.time(request.latency_ns, limits, request.series)
    diagnostics = noise.difference(before, noise.snapshot())
    if meters.core_ns is not None:
        diagnostics = msgspec.structs.replace(diagnostics, core_ns=max(core_ns, meters.core_ns()))
    if gpu is not None and gpu_before is not None:
        diagnostics = msgspec.structs.replace(diagnostics, gpu=gpu.difference(gpu_before, gpu.snapshot()))
    return Timed(
        started_ns=timed.started_ns,
        durations_ns=timed.durations_ns,
        calls_per_stamp=timed.calls_per_stamp,
        discarded=timed.discarded,
        samples=timed.samples,
        phases=timed.phases,
        diagnostics=diagnostics,
        memory=SliceMemory(
            before=resident, after=memory.resident(own), peak=memory.peak_resident(own) if peak_known else None
        ),
    )
