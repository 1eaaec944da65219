"""Limits that control groups (v1 and v2) set to the processor time and memory of this process."""

from __future__ import annotations

from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from infer_compare.environment.host import LOCAL, Host

if TYPE_CHECKING:
    from collections.abc import Iterator

UNLIMITED = 1 << 60
"""Version 1 writes "no limit" as a number near the largest 64-bit integer."""


class GroupLimit(msgspec.Struct, frozen=True, kw_only=True):
    """A memory limit that a control group sets."""

    folder: str
    """The folder of the group's files."""
    size: int
    """Bytes."""
    left: int
    """Bytes that can still be taken."""


class ControlGroups(msgspec.Struct, frozen=True):
    """The control groups of this process and their parents, each of which can set limits.

    The folders of a controller begin with the group of the process; the parents follow.
    """

    host: Host
    cpu: tuple[str, ...]
    memory: tuple[str, ...]
    hidden_limit: int | None = None
    """The memory limit of a parent group that is not mounted here, in bytes."""

    def quota_cores(self) -> float | None:
        """Return the lowest quota of processor time, in cores; None without a quota."""
        quotas = [quota for quota in map(self._quota, self.cpu) if quota is not None]
        return min(quotas, default=None)

    def _quota(self, group: str) -> float | None:
        """Return the quota of a group, in cores."""
        match (self.host.text(f"{group}/cpu.max") or "").split():
            case [quota, period] if quota.isdecimal() and period.isdecimal():
                return int(quota) / int(period)
        quota_us = self.host.number(f"{group}/cpu.cfs_quota_us")
        period_us = self.host.number(f"{group}/cpu.cfs_period_us")
        if quota_us is None or not period_us or quota_us <= 0:
            return None
        return quota_us / period_us

    def throttled(self) -> int | None:
        """Return how often quotas have stopped the groups since their creation; None if the kernel does not count it."""
        counts = [self.host.fields(f"{group}/cpu.stat").get("nr_throttled") for group in self.cpu]
        known = [count for count in counts if count is not None]
        return sum(known) if known else None

    def memory_limits(self) -> Iterator[GroupLimit]:
        """Yield the memory limits of the groups."""
        for group in self.memory:
            limit = self._limit(group)
            if limit is not None:
                yield limit
        if self.hidden_limit is not None and self.memory:
            top = self.memory[-1]
            left = self._left(top, self.hidden_limit)
            if left is not None:
                yield GroupLimit(folder=top, size=self.hidden_limit, left=left)

    def memory_left(self) -> int | None:
        """Return the bytes that can be taken before a memory limit is reached; None without a limit."""
        return min((limit.left for limit in self.memory_limits()), default=None)

    def _limit(self, group: str) -> GroupLimit | None:
        """Return the memory limit of a group, which includes `memory.high`: above it the kernel slows the group down."""
        # The watchdog calls this many times a second, and most groups have no limit: check that first.
        sizes = [self.host.number(f"{group}/{name}") for name in ("memory.max", "memory.high", "memory.limit_in_bytes")]
        size = min((size for size in sizes if size is not None and size < UNLIMITED), default=None)
        if size is None:
            return None
        left = self._left(group, size)
        return None if left is None else GroupLimit(folder=group, size=size, left=left)

    def _left(self, group: str, size: int) -> int | None:
        """Return the bytes that a group can take until it uses `size`; None if its use is not known.

        File pages, active or not, and reclaimable slab do not count as used, because the kernel drops them before it
        refuses memory; its `MemAvailable` counts them as available, too. If active file pages counted as used, a small
        container that has just read a framework's libraries would look full.
        """
        used = self.host.number(f"{group}/memory.current")
        if used is not None:
            stat = self.host.fields(f"{group}/memory.stat")
            droppable = sum(stat.get(name, 0) for name in ("inactive_file", "active_file", "slab_reclaimable"))
            return max(0, size - used + droppable)
        used = self.host.number(f"{group}/memory.usage_in_bytes")
        if used is None:
            return None
        stat = self.host.fields(f"{group}/memory.stat")
        droppable = sum(stat.get(name, 0) for name in ("total_inactive_file", "total_active_file"))
        left = size - used + droppable
        # After swapping, the limit on memory and swap together can be the nearer one.
        both, used_both = (self.host.number(f"{group}/memory.memsw.{name}_in_bytes") for name in ("limit", "usage"))
        if both is not None and used_both is not None:
            left = min(left, both - used_both + droppable)
        return max(0, left)

    def swap_limit(self) -> int | None:
        """Return the lowest limit of swap space, in bytes; None without a limit."""
        limits = []
        for group in self.memory:
            size = self.host.number(f"{group}/memory.swap.max")
            memory, both = (
                self.host.number(f"{group}/memory.{name}") for name in ("limit_in_bytes", "memsw.limit_in_bytes")
            )
            if size is None and memory is not None and both is not None and both < UNLIMITED:
                size = max(0, both - memory)
            if size is not None:
                limits.append(size)
        return min(limits, default=None)

    def swap_used(self) -> int | None:
        """Return the swapped-out bytes of this process's group, without its parents; None if the kernel does not count them."""
        for group in self.memory[:1]:
            used = self.host.number(f"{group}/memory.swap.current")
            return self.host.fields(f"{group}/memory.stat").get("total_swap") if used is None else used
        return None

    def kills(self) -> int | None:
        """Return how many processes of this process's group ran out of memory and were killed; None if not counted."""
        for group in self.memory[:1]:
            for file in ("memory.events", "memory.oom_control"):
                count = self.host.fields(f"{group}/{file}").get("oom_kill")
                if count is not None:
                    return count
        return None


@lru_cache(maxsize=8)
def control_groups(host: Host = LOCAL) -> ControlGroups:
    """Return the control groups of this process at the first call; empty if the kernel has none."""
    paths: dict[str, str] = {}
    for line in (host.text("/proc/self/cgroup") or "").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        for controller in controllers.split(",") if number != "0" else ("unified",):
            paths[controller] = path
    mounts = _mounts(host)
    groups = ControlGroups(host, cpu=_folders("cpu", paths, mounts), memory=_folders("memory", paths, mounts))
    return msgspec.structs.replace(groups, hidden_limit=_hidden_limit(groups))


def _hidden_limit(groups: ControlGroups) -> int | None:
    """Return the memory limit of a parent group that is not mounted here; version 1 reports it in the groups below."""
    for group in groups.memory[:1]:
        size = groups.host.fields(f"{group}/memory.stat").get("hierarchical_memory_limit", UNLIMITED)
        seen = [limit.size for limit in groups.memory_limits()]
        if size < min(seen, default=UNLIMITED):
            return size
    return None


def _mounts(host: Host) -> dict[str, tuple[str, str]]:
    """Return the mount point of each controller (version 2: `unified`), and the group that is mounted there."""
    mounts: dict[str, tuple[str, str]] = {}
    for line in (host.text("/proc/self/mountinfo") or "").splitlines():
        place, dash, kind = line.partition(" - ")
        words, kinds = place.split(), kind.split()
        if not dash or len(words) < 5 or len(kinds) < 3:
            continue
        root, point = words[3], words[4]
        if kinds[0] == "cgroup2":
            mounts.setdefault("unified", (point, root))
        elif kinds[0] == "cgroup":
            for option in kinds[2].split(","):
                mounts.setdefault(option, (point, root))
    return mounts


def _folders(controller: str, paths: dict[str, str], mounts: dict[str, tuple[str, str]]) -> tuple[str, ...]:
    """Return the folders of a controller's groups, from that of this process up to the mount point."""
    hierarchy = controller if controller in paths else "unified"
    if hierarchy not in paths or hierarchy not in mounts:
        return ()
    point, root = mounts[hierarchy]
    group = PurePosixPath(paths[hierarchy])
    try:
        below = group.relative_to(root)
    except ValueError:
        # In a container the path can lie outside the mounted part of the tree.
        below = PurePosixPath()
    if ".." in below.parts:
        below = PurePosixPath()
    lowest = PurePosixPath(point) / below
    return tuple(str(folder) for folder in (lowest, *lowest.parents) if folder.is_relative_to(point))
