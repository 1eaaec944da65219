"""What the cores did, in the kernel's clock ticks (`/proc/stat`)."""

from __future__ import annotations

import os

import msgspec

from infer_compare.environment.host import read

TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
"""The unit of `/proc/stat`: 10 ms nearly everywhere."""


class CoreTimes(msgspec.Struct, frozen=True):
    """Time of a set of cores since the machine started, summed, in nanoseconds."""

    idle_ns: int
    """Idle, waiting for a disk included."""
    steal_ns: int
    """Given to others by the hypervisor."""


def core_times(stat: str, mask: frozenset[int]) -> CoreTimes | None:
    """What the cores in `mask` did; None where the kernel does not tell.

    Args:
        stat: the file, `/proc/stat`.
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
    # The kernel's own sum is rounded to ticks once, not once per core.
    if whole is None or in_mask == listed:
        return whole
    return CoreTimes(idle_ticks * TICK_NS, steal_ticks * TICK_NS)
