"""The plan of a slice: how many calls are dropped, how many are kept, and how many share a stamp."""

from __future__ import annotations

from math import ceil

import msgspec

MILLISECOND = 1_000_000


class BlockLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The constants for sharing stamps between short calls. A stamp costs 0.1 us, which is 0.5 % of 20 us."""

    below_ns: int = 20_000
    """Shorter calls share a stamp."""
    block_ns: int = 100_000
    """Calls that share a stamp together take at least this long."""

    def calls_per_stamp(self, latency_ns: int, buffers: int = 1) -> int:
        """Return how many calls share a stamp: 1, or a multiple of the number of buffers, so that all blocks are alike."""
        if latency_ns >= self.below_ns:
            return 1
        return ceil(ceil(self.block_ns / max(1, latency_ns)) / buffers) * buffers


class SliceLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The constants of a slice; the defaults are those of the protocol for synchronous devices.

    The first calls after a change of turn take 1.1 to 32 times as long as the rest. Three calls cover that, or 2 ms of very short calls,
    or fewer calls that together take 10 ms. A contended call can take 70 times its warm latency, hence a ceiling.
    """

    slice_ns: int = 60 * MILLISECOND
    """Time of the kept calls; 100 ms if other processes cannot be seen, 1 s and more on accelerators."""
    minimum_calls: int = 8
    """The fewest kept calls, unless they are slow."""
    dropped_calls: int = 3
    """Calls before the first stamp; fewer if fewer fill `settle_ns`."""
    settle_ns: int = 10 * MILLISECOND
    """Time of calls after which a process has its full speed: the caches no longer contain data of others."""
    lasting_ns: int = 30 * MILLISECOND
    """Of calls that take this long or longer none is dropped: data of others in the caches costs the first less than 3 %."""
    tiny_ns: int = 100_000
    """Shorter calls are tiny."""
    tiny_lead_ns: int = 2 * MILLISECOND
    """Time of the calls before the first stamp, for tiny calls."""
    lead_ns: int = 0
    """Time of the calls before the first stamp, for all; 0.5 s on accelerators, whose clocks rise under load."""
    long_ns: int = 2_000 * MILLISECOND
    """If `minimum_calls` would take longer than this and than `slice_ns`, only the calls that fill it are kept."""
    long_calls: int = 2
    """The fewest kept calls if calls are that long."""
    blocks: BlockLimits = BlockLimits()
    overrun: float = 10.0
    """A slice ends early, with the stamps it has, after this multiple of its planned time."""


class SlicePlan(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of one slice."""

    dropped: int
    """Calls before the first stamp."""
    stamps: int
    """Number of durations to keep."""
    calls_per_stamp: int
    ceiling_ns: int
    """No new duration begins after this time."""


def plan_slice(latency_ns: int, limits: SliceLimits, *, buffers: int = 1, blocks: bool = True) -> SlicePlan:
    """Return the counts for a slice of calls that take about `latency_ns`.

    Args:
        latency_ns: the final latency of the warm-up, in nanoseconds; below 1 counts as 1.
        limits: the constants of the protocol.
        buffers: number of input buffers that take turns.
        blocks: whether short calls may share a stamp.
    """
    latency = max(1, latency_ns)
    filling = ceil(max(limits.slice_ns, limits.long_ns) / latency)
    lead_ns = max(limits.lead_ns, limits.tiny_lead_ns if latency < limits.tiny_ns else 0)
    settling = 0 if latency >= limits.lasting_ns else min(limits.dropped_calls, ceil(limits.settle_ns / latency))
    dropped = max(settling, ceil(lead_ns / latency))
    if filling < limits.minimum_calls:
        stamps, calls_per_stamp = max(limits.long_calls, filling), 1
    else:
        calls_per_stamp = limits.blocks.calls_per_stamp(latency, buffers) if blocks else 1
        stamps = max(limits.minimum_calls, ceil(limits.slice_ns / (latency * calls_per_stamp)))
    planned_ns = stamps * calls_per_stamp * latency
    return SlicePlan(
        dropped=dropped,
        stamps=stamps,
        calls_per_stamp=calls_per_stamp,
        ceiling_ns=int(planned_ns * limits.overrun),
    )
