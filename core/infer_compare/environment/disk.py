"""Free space of file systems, on a disk or in memory."""

from __future__ import annotations

import shutil
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from infer_compare.environment import memory
from infer_compare.environment.host import LOCAL, Host

if TYPE_CHECKING:
    from pathlib import Path

IN_MEMORY = frozenset({"tmpfs", "ramfs"})
SPARED_SHARE = 0.1
SPARED_MOST = 64 * 2**20
"""Most of the free space that is kept for the records of the run, which get a tenth of it."""


def room(folder: Path, host: Host = LOCAL) -> int:
    """Return the bytes that may be written to a folder, which may not exist yet.

    Files of a file system in memory count towards the memory limit.
    """
    folder = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(folder).free
    free -= min(SPARED_MOST, int(SPARED_SHARE * free))
    return min(free, memory.own_share(host)) if is_in_memory(folder, host) else free


def is_in_memory(folder: Path, host: Host = LOCAL) -> bool:
    """Return whether the file system of a folder is in memory, such as `/dev/shm`."""
    place, kind = PurePosixPath("/"), ""
    resolved = PurePosixPath(folder.resolve())
    for line in (host.text("/proc/self/mountinfo") or "").splitlines():
        before, dash, after = line.partition(" - ")
        words = before.split()
        if not dash or len(words) < 5 or not after.split():
            continue
        point = PurePosixPath(words[4].replace("\\040", " "))
        # Of several mounts at the same place the last one counts.
        if resolved.is_relative_to(point) and len(point.parts) >= len(place.parts):
            place, kind = point, after.split()[0]
    return kind in IN_MEMORY
