"""The control groups that this process is in: how much processor and memory they leave it (v1 and v2)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import PurePosixPath

import msgspec

from infer_compare.environment.host import LOCAL, Host

UNLIMITED = 1 << 60
"""Version 1 writes `no limit` as a number near the largest that fits."""


class ControlGroups(msgspec.Struct, frozen=True):
    """The folders of this process's groups, its own first, then those above it; each of them can set a limit."""

    host: Host
    cpu: tuple[str, ...]
    memory: tuple[str, ...]

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

    def memory_left(self) -> int | None:
        """Bytes until the tightest memory limit; None where there is no limit.

        File pages that the kernel can drop at once (`inactive_file`) do not count as used.
        """
        left = [rest for rest in map(self._memory_left, self.memory) if rest is not None]
        return max(0, min(left)) if left else None

    def _memory_left(self, group: str) -> int | None:
        """Bytes until the limit that one group sets."""
        # The watchdog asks many times a second, and most groups have no limit: that is looked at first.
        limit = self.host.number(f"{group}/memory.max")
        usage, droppable = "memory.current", "inactive_file"
        if limit is None:
            limit = self.host.number(f"{group}/memory.limit_in_bytes")
            usage, droppable = "memory.usage_in_bytes", "total_inactive_file"
        if limit is None or limit >= UNLIMITED:
            return None
        used = self.host.number(f"{group}/{usage}")
        if used is None:
            return None
        return limit - used + self.host.fields(f"{group}/memory.stat").get(droppable, 0)

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
    return ControlGroups(host, cpu=_folders("cpu", paths, mounts), memory=_folders("memory", paths, mounts))


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
