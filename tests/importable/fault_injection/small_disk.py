"""A disk on which little can be stored."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE = "300k"
"""Some rounds fit."""


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A small disk, seen by nobody else: it lies in a mount namespace, and goes with the process that holds that.

    Raises:
        FileNotFoundError: there is no `unshare`.
        RuntimeError: it cannot be mounted.
    """
    below = folder / "disk"
    below.mkdir()
    unshare = shutil.which("unshare")
    if unshare is None:
        raise FileNotFoundError("A small disk needs the program `unshare` (util-linux).")
    script = 'mount -t tmpfs -o size="$1" tmpfs "$2" && echo ready && exec cat'
    root = () if os.geteuid() == 0 else ("--map-root-user",)
    with subprocess.Popen(
        [unshare, "--mount", *root, "sh", "-c", script, "sh", SIZE, str(below)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        if holder.stdout.readline() != b"ready\n":
            raise RuntimeError("A small disk cannot be mounted: neither as root nor in a user namespace.")
        try:
            yield Path(f"/proc/{holder.pid}/root{below}")
        finally:
            holder.kill()
