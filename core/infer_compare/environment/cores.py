"""Idle and stolen time of the cores, according to `/proc/stat`."""

from __future__ import annotations

import os

import msgspec

from infer_compare.environment.host import read

TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
"""The unit of `/proc/stat`, usually 10 ms."""


class CoreTimes(msgspec.Struct, frozen=True):
    """Total times of a set of cores since the machine started, in nanoseconds."""

    idle_ns: int
    """Idle, including waiting for disks."""
    steal_ns: int
    """Given to others by the hypervisor."""


def core_times(stat: str, mask: frozenset[int]) -> CoreTimes | None:
    """Return the times of the cores in `mask`; None if the kernel does not report them.

    Args:
        stat: path of `/proc/stat`.
        mask: numbers of logical processors.
    """
    whole: CoreTimes | None = None
    idle_ticks = steal_ticks = listed = in_mask = 0
    for line in (read(stat) or b"").splitlines():
        words = line.split()
        if len(words) < 9 or not words[0].startswith(b"cpu"):
            break
        idle, steal = int(words[4]) + int(words[5]), int(words[8])
        if words[0] == b"cpu":
            whole = CoreTimes(idle * TICK_NS, steal * TICK_NS)
            continue
        listed += 1
        if int(words[0][3:]) in mask:
            in_mask += 1
            idle_ticks += idle
            steal_ticks += steal
    # The kernel's sum is more precise: rounded to ticks once instead of per core.
    if whole is None or in_mask == listed:
        return whole
    return CoreTimes(idle_ticks * TICK_NS, steal_ticks * TICK_NS)
