"""An operating point is run a few times: whether it fits, roughly how fast it is, and what it computes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

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
    """Run an operating point as often as is asked for, and write its outputs where they are asked for.

    Args:
        session: runs it.
        pool: the rows of input.
        meters: what is read meanwhile.
        request: which point, and how.
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
    before = meters.noise.snapshot()
    begin = clock()
    while len(durations) < request.calls or (clock() - begin < request.budget_ns and request.calls > 1):
        start = clock()
        session.run(slot)
        session.synchronize()
        durations.append(clock() - start)
        if faults is None:
            # The first call reads libraries and weights that no call had touched.
            faults = _major_faults()
    disturbed = meters.noise.difference(before, meters.noise.snapshot())
    written = write(session.fetch(slot), request)
    if request.outputs is not None:
        # Whether a model is random or keeps state is seen only where the same batch runs twice.
        session.run(slot)
        session.synchronize()
        written = written._replace(again=write_again(session.fetch(slot), request, written))
    reading = session.peak_memory()
    peak = memory.peak_resident(os.getpid())
    session.release(slot)
    # The first call compiles and allocates, the second may still grow an arena: neither shows the latency.
    # Of the others the lowest quarter: the gate does not watch here, and what disturbs a call makes it longer.
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
