"""What is counted beside a slice that nothing disturbed."""

from __future__ import annotations

from typing import Any

import msgspec

from infer_compare.results import Diagnostics


def quiet(wall_ns: int = 60_000_000, *, threads: int = 2, **changes: Any) -> Diagnostics:
    """Return the counts of a slice on a machine of two cores, on which nothing else ran.

    Args:
        wall_ns: how long it took, by the clock.
        threads: that were busy all the time.
        changes: other values of fields.
    """
    counts = Diagnostics(
        wall_ns=wall_ns,
        own_cpu_ns=threads * wall_ns,
        system_ns=0,
        run_delay_ns=0,
        foreign_ns=0,
        steal_share=0.0,
        minor_faults=0,
        major_faults=0,
        active_threads=threads,
        cores=2,
    )
    return msgspec.structs.replace(counts, **changes)
