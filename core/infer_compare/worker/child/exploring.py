"""Exploring an operating point by a few runs: whether it fits, its rough latency, and its outputs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import msgspec

from infer_compare.environment import memory
from infer_compare.results import Memory
from infer_compare.worker.child.written import write, write_again
from infer_compare.worker.protocol import Explored

if TYPE_CHECKING:
    from infer_compare.interfaces import Session
    from infer_compare.worker.child.buffers import Pool
    from infer_compare.worker.child.meters import Meters
    from infer_compare.worker.protocol import Explore


def explore(session: Session[Any], pool: Pool, meters: Meters, request: Explore) -> Explored:
    """Run an operating point as often as requested, and write its outputs if requested.

    Args:
        session: runs the point.
        pool: the input rows.
        meters: clock and counters.
        request: the point, and how to run it.
    """
    clock = meters.clock
    memory.reset_peak(os.getpid())
    session.reset_peak_memory()
    swapped = memory.swapped(os.getpid())
    faults: int | None = None
    start = clock()
    session.prepare(pool.named(request.point, session.inputs))
    prepare_ns = clock() - start
    slot = session.stage(pool.batch(request.point, request.first_row, repeat=request.repeat_rows))
    durations: list[int] = []
    core_ns = meters.core_ns() if meters.core_ns is not None else 0
    before = meters.noise.snapshot()
    begin = clock()
    while len(durations) < request.calls or (clock() - begin < request.budget_ns and request.calls > 1):
        start = clock()
        session.run(slot)
        session.synchronize()
        durations.append(clock() - start)
        if faults is None:
            # The first call may read libraries and weights from disk, so it is not counted.
            faults = _major_faults()
    disturbed = meters.noise.difference(before, meters.noise.snapshot())
    if meters.core_ns is not None:
        # The shorter, as it serves to know what is usual.
        disturbed = msgspec.structs.replace(disturbed, core_ns=min(core_ns, meters.core_ns()))
    written = write(session.fetch(slot), request)
    if request.outputs is not None:
        # Running the same batch again shows whether the model is random or keeps state.
        session.run(slot)
        session.synchronize()
        written = written._replace(again=write_again(session.fetch(slot), request, written))
    reading = session.peak_memory()
    peak = memory.peak_resident(os.getpid())
    session.release(slot)
    # The first call compiles and allocates, and the second may still grow an arena, so neither shows the latency. The lower
    # quartile of the others is used, since the gate does not watch here, and disturbances lengthen calls.
    warm = sorted(durations[2:] or durations[-1:])
    return Explored(
        prepare_ns=prepare_ns,
        first_call_ns=durations[0],
        latency_ns=max(1, warm[len(warm) // 4]),
        memory=Memory(
            resident=peak,
            allocated=reading.allocated if reading else None,
            reserved=reading.reserved if reading else None,
            retries=reading.retries if reading else 0,
            major_faults=_major_faults() - (faults or 0),
            swapped=max(0, memory.swapped(os.getpid()) - swapped),
        ),
        written=written.paths,
        dtypes=written.dtypes,
        again=written.again,
        diagnostics=disturbed,
    )


def _major_faults() -> int:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_majflt
