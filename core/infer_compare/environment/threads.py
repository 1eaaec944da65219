"""The cores that this process may use, and the default thread budget."""

from __future__ import annotations

import os
from math import floor
from typing import TYPE_CHECKING

from infer_compare.environment.cgroup import control_groups
from infer_compare.environment.host import LOCAL, Host, parse_list

if TYPE_CHECKING:
    from collections.abc import Iterable


def affinity() -> frozenset[int]:
    """Return the logical processors on which the calling thread may run; all of them on systems without a mask."""
    if not hasattr(os, "sched_getaffinity"):  # macOS has no mask
        return frozenset(range(os.cpu_count() or 1))
    return frozenset(os.sched_getaffinity(0))


def keep_to(processors: Iterable[int]) -> None:
    """Restrict this process, including threads that it starts later, to some logical processors.

    Raises:
        OSError: the process may not run on any of them.
    """
    tasks = "/proc/self/task"
    for thread in os.listdir(tasks):  # noqa: PTH208 - numbers, not paths
        os.sched_setaffinity(int(thread), processors)


def physical_cores(host: Host = LOCAL, within: frozenset[int] | None = None) -> int:
    """Return the number of physical cores with a logical processor in `within` (default: the whole machine).

    Every logical processor counts as a core if the kernel does not report which of them share one.
    """
    processors = within if within is not None else _present(host)
    if not host.has_proc:
        from infer_compare.environment import portable

        return min(len(processors), portable.physical_cores() or len(processors))
    cores: set[frozenset[int]] = set()
    for processor in processors:
        folder = f"/sys/devices/system/cpu/cpu{processor}/topology"
        siblings = host.text(f"{folder}/core_cpus_list") or host.text(f"{folder}/thread_siblings_list")
        cores.add(parse_list(siblings) if siblings else frozenset({processor}))
    return max(1, len(cores))


def _present(host: Host) -> frozenset[int]:
    """Return the logical processors of the machine that are online."""
    online = host.text("/sys/devices/system/cpu/online")
    return parse_list(online) if online else frozenset(range(os.cpu_count() or 1))


def logical_cores(host: Host = LOCAL) -> int:
    """Return the number of logical processors of the machine that are online."""
    return len(_present(host))


def usable_cores(host: Host = LOCAL, mask: frozenset[int] | None = None) -> int:
    """Return the number of logical processors within the affinity mask and the quota, rounded down, at least 1."""
    return _within_quota(len(mask if mask is not None else affinity()), host)


def default_threads(host: Host = LOCAL, mask: frozenset[int] | None = None) -> int:
    """Return the default thread budget: the number of physical cores within the affinity mask and the quota, at least 1.

    More threads would not help: two threads on a physical core share its arithmetic units, and the quota stops others.

    Args:
        host: the machine.
        mask: usable logical processors; by default the calling thread's affinity mask.
    """
    return _within_quota(physical_cores(host, mask if mask is not None else affinity()), host)


def _within_quota(cores: int, host: Host) -> int:
    """Return a number of cores, limited to the quota rounded down, but at least 1."""
    quota = control_groups(host).quota_cores()
    return max(1, min(cores, floor(quota)) if quota is not None else cores)
