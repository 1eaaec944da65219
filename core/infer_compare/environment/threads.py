"""Cores that this process may use, and the thread budget that follows."""

from __future__ import annotations

import os
from math import floor
from typing import TYPE_CHECKING

from infer_compare.environment.cgroup import control_groups
from infer_compare.environment.host import LOCAL, Host, parse_list

if TYPE_CHECKING:
    from collections.abc import Iterable


def affinity() -> frozenset[int]:
    """The logical processors that the scheduler may put the calling thread on; all of them where there is no mask."""
    if not hasattr(os, "sched_getaffinity"):  # macOS has no mask
        return frozenset(range(os.cpu_count() or 1))
    return frozenset(os.sched_getaffinity(0))


def keep_to(processors: Iterable[int]) -> None:
    """Keep this process to logical processors; threads that are started later do the same.

    Raises:
        OSError: it may not run on any of them.
    """
    tasks = "/proc/self/task"
    for thread in os.listdir(tasks):  # noqa: PTH208 - numbers, not paths
        os.sched_setaffinity(int(thread), processors)


def physical_cores(host: Host = LOCAL, within: frozenset[int] | None = None) -> int:
    """Physical cores that have at least one logical processor among `within` (default: the whole machine).

    Where the kernel does not tell which logical processors share a core, each counts as a core of its own.
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
    """The machine's logical processors that are switched on."""
    online = host.text("/sys/devices/system/cpu/online")
    return parse_list(online) if online else frozenset(range(os.cpu_count() or 1))


def logical_cores(host: Host = LOCAL) -> int:
    """The machine's logical processors that are switched on."""
    return len(_present(host))


def usable_cores(host: Host = LOCAL, mask: frozenset[int] | None = None) -> int:
    """Logical processors within the affinity mask and the quota, at least 1; part of a core does not count."""
    return _within_quota(len(mask if mask is not None else affinity()), host)


def default_threads(host: Host = LOCAL, mask: frozenset[int] | None = None) -> int:
    """The thread budget where none is given: physical cores within the affinity mask and the quota, at least 1.

    Two threads on one physical core share its arithmetic units, and a thread beyond the quota is stopped.

    Args:
        host: the machine.
        mask: logical processors that may be used; by default the calling thread's affinity mask.
    """
    return _within_quota(physical_cores(host, mask if mask is not None else affinity()), host)


def _within_quota(cores: int, host: Host) -> int:
    """`cores`, or as many whole ones as the quota allows if that is less, but at least 1."""
    quota = control_groups(host).quota_cores()
    return max(1, min(cores, floor(quota)) if quota is not None else cores)
