"""Detection of memory that grows with every call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.verdicts.protocol import GROWTH_BYTES, GROWTH_SHARE, GROWTH_SLICES, STAMP_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.results import Slice


def growth_per_call(slices: Sequence[Slice]) -> float | None:
    """Return by how many bytes each call increases a worker's memory, if that exceeds the noise of an allocator; else None.

    The growth is the increase of resident memory over each slice, without that of the recorded stamps, summed over slices.
    At least three quarters of the slices must have increased it: one-time allocations show in a single slice.

    Args:
        slices: of one contender at one operating point, including rejected ones.
    """
    known = [piece for piece in slices if piece.memory is not None]
    if len(known) < GROWTH_SLICES:
        return None
    grown = [
        piece.memory.after - piece.memory.before - STAMP_BYTES * len(piece.durations_ns)
        for piece in known
        if piece.memory is not None
    ]
    enough = sum(each > 0 for each in grown) >= GROWTH_SHARE * len(grown)
    total, calls = sum(grown), sum(piece.calls + piece.discarded for piece in known)
    return total / calls if enough and calls and total > GROWTH_BYTES * len(grown) else None
