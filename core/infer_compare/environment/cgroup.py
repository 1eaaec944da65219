"""The control groups that this process is in: how much processor and memory they leave it (v1 and v2)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from infer_compare.environment.host import LOCAL, Host

if TYPE_CHECKING:
    from collections.abc import Iterator

UNLIMITED = 1 << 60
"""Version 1 writes `no limit` as a number near the largest that fits."""


class GroupLimit(msgspec.Struct, frozen=True, kw_only=True):
    """A memory limit that a control group sets."""

    folder: str
    """Where the group's files lie."""
    size: int
    """Bytes."""
    left: int
    """Bytes that can still be taken."""


class ControlGroups(msgspec.Struct, frozen=True):
    """The folders of this process's groups, its own first, then those above it; each of them can set a limit."""

    host: Host
    cpu: tuple[str, ...]
    memory: tuple[str, ...]
    hidden_limit: int | None = None
    """A memory limit of a group above those that can be seen, in bytes."""

    def quota_cores(self) -> float | None:
        """The processor time per time that the tightest quota allows, in cores; None where there is no quota."""
        quotas = [quota for quota in map(self._quota, self.cpu) if quota is not None]
        return min(quotas, default=None)

    def _quota(self, group: str) -> float | None:
        """The quota that one group sets."""
        match (self.host.text(f"{group}/cpu.max") or "").split():
            case [quota, period] if quota.isdecimal() and period.isdecimal():
                return int(quota) / int(period)
        quota_us = self.host.number(f"{group}/cpu.cfs_quota_us")
        period_us = self.host.number(f"{group}/cpu.cfs_period_us")
        if quota_us is None or not period_us or quota_us <= 0:
            return None
        return quota_us / period_us

    def throttled(self) -> int | None:
        """How often a quota has stopped one of the groups since it was made; None where that is not counted."""
        counts = [self.host.fields(f"{group}/cpu.stat").get("nr_throttled") for group in self.cpu]
        known = [count for count in counts if count is not None]
        return sum(known) if known else None

    def memory_limits(self) -> Iterator[GroupLimit]:
        """Each memory limit that these groups set, with what it leaves."""
        for group in self.memory:
            found = self._limit(group)
            if found is not None:
                yield found
        if self.hidden_limit is not None and self.memory:
            top = self.memory[-1]
            left = self._left(top, self.hidden_limit)
            if left is not None:
                yield GroupLimit(folder=top, size=self.hidden_limit, left=left)

    def memory_left(self) -> int | None:
        """Bytes until the nearest memory limit; None where there is no limit."""
        return min((limit.left for limit in self.memory_limits()), default=None)

    def _limit(self, group: str) -> GroupLimit | None:
        """The limit that one group sets: above `memory.high` the kernel slows a group down until it shrinks."""
        # The watchdog asks many times a second, and most groups have no limit: that is looked at first.
        sizes = [self.host.number(f"{group}/{name}") for name in ("memory.max", "memory.high", "memory.limit_in_bytes")]
        size = min((size for size in sizes if size is not None and size < UNLIMITED), default=None)
        if size is None:
            return None
        left = self._left(group, size)
        return None if left is None else GroupLimit(folder=group, size=size, left=left)

    def _left(self, group: str, size: int) -> int | None:
        """Bytes until a group uses `size`; None where its use is not known.

        What the kernel drops before it refuses memory does not count as used: file pages, active or not, and slab that
        can be reclaimed. The kernel's `MemAvailable` counts the same as available on the machine. Without active file
        pages a small container that has just read a framework's libraries would look full.
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
        # A limit on memory and swap together can be the nearer one, where something was swapped out already.
        both, used_both = (self.host.number(f"{group}/memory.memsw.{name}_in_bytes") for name in ("limit", "usage"))
        if both is not None and used_both is not None:
            left = min(left, both - used_both + droppable)
        return max(0, left)

    def swap_limit(self) -> int | None:
        """Bytes that the tightest limit allows in swap; None where there is no limit."""
        found = []
        for group in self.memory:
            size = self.host.number(f"{group}/memory.swap.max")
            memory, both = (
                self.host.number(f"{group}/memory.{name}") for name in ("limit_in_bytes", "memsw.limit_in_bytes")
            )
            if size is None and memory is not None and both is not None and both < UNLIMITED:
                size = max(0, both - memory)
            if size is not None:
                found.append(size)
        return min(found, default=None)

    def swap_used(self) -> int | None:
        """Bytes of this process's own group that lie in swap; None where that is not counted."""
        for group in self.memory[:1]:
            used = self.host.number(f"{group}/memory.swap.current")
            return self.host.fields(f"{group}/memory.stat").get("total_swap") if used is None else used
        return None

    def kills(self) -> int | None:
        """How many processes of this process's own group the kernel has killed for memory; None where not counted."""
        for group in self.memory[:1]:
            for file in ("memory.events", "memory.oom_control"):
                count = self.host.fields(f"{group}/{file}").get("oom_kill")
                if count is not None:
                    return count
        return None


@lru_cache(maxsize=8)
def control_groups(host: Host = LOCAL) -> ControlGroups:
    """The groups that this process was in when this was first asked; empty where the kernel has none."""
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
    """The limit of a group above those that are mounted here, which version 1 gives in the statistics of those below."""
    for group in groups.memory[:1]:
        size = groups.host.fields(f"{group}/memory.stat").get("hierarchical_memory_limit", UNLIMITED)
        seen = [limit.size for limit in groups.memory_limits()]
        if size < min(seen, default=UNLIMITED):
            return size
    return None


def _mounts(host: Host) -> dict[str, tuple[str, str]]:
    """Per controller (version 2: `unified`) the mount point, and which group lies there."""
    found: dict[str, tuple[str, str]] = {}
    for line in (host.text("/proc/self/mountinfo") or "").splitlines():
        place, dash, kind = line.partition(" - ")
        words, kinds = place.split(), kind.split()
        if not dash or len(words) < 5 or len(kinds) < 3:
            continue
        root, point = words[3], words[4]
        if kinds[0] == "cgroup2":
            found.setdefault("unified", (point, root))
        elif kinds[0] == "cgroup":
            for option in kinds[2].split(","):
                found.setdefault(option, (point, root))
    return found


def _folders(controller: str, paths: dict[str, str], mounts: dict[str, tuple[str, str]]) -> tuple[str, ...]:
    """The folders of one controller's groups, from this process's own up to the mount point."""
    hierarchy = controller if controller in paths else "unified"
    if hierarchy not in paths or hierarchy not in mounts:
        return ()
    point, root = mounts[hierarchy]
    group = PurePosixPath(paths[hierarchy])
    try:
        below = group.relative_to(root)
    except ValueError:
        # In a container the path can be told from outside the part of the tree that is mounted.
        below = PurePosixPath()
    if ".." in below.parts:
        below = PurePosixPath()
    own = PurePosixPath(point) / below
    inside = [folder for folder in (own, *own.parents) if folder.is_relative_to(point)]
    return tuple(str(folder) for folder in inside)
