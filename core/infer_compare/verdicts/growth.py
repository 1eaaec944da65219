"""Memory that grows by the call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.verdicts.protocol import GROWTH_BYTES, GROWTH_SHARE, GROWTH_SLICES, STAMP_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.results import Slice


def growth_per_call(slices: Sequence[Slice]) -> float | None:
    """Return by how many bytes a call makes the worker larger, where that is more than an allocator's noise; else None.

    It is the sum over slices of resident memory after each less that before it, less what the stamps take. Memory grows
    when three quarters of the slices made the worker larger: what an allocator or a framework takes once shows in one.

    Args:
        slices: of one contender at one operating point, rejected ones too.
    """
    known = [one for one in slices if one.memory is not None]
    if len(known) < GROWTH_SLICES:
        return None
    grown = [
        one.memory.after - one.memory.before - STAMP_BYTES * len(one.durations_ns)
        for one in known
        if one.memory is not None
    ]
    enough = sum(each > 0 for each in grown) >= GROWTH_SHARE * len(grown)
    total, calls = sum(grown), sum(one.calls + one.discarded for one in known)
    return total / calls if enough and calls and total > GROWTH_BYTES * len(grown) else None
