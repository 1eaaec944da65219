"""The processor time of every process, as far as this one can see them."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from infer_compare.environment.host import LOCAL, Host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FIRST_KERNEL_THREAD = 2
"""In the machine's own process namespace, PID 2 is the kernel's `kthreadd`."""


def clock_of(pid: int) -> int:
    """Processor time that a process has used, all its threads together, in nanoseconds; no privilege is needed.

    `(~pid << 3) | 2` is how Linux encodes the processor-time clock of a process (`clock_getcpuclockid`).

    Raises:
        OSError: there is no such process, or its clock is denied.
    """
    return time.clock_gettime_ns((~pid << 3) | 2)


def clocks(folder: str, own: int, read: Callable[[int], int] = clock_of) -> dict[int, int]:
    """The processor time of every process that `folder` (`/proc`) lists, by PID, without `own`.

    About 2 us a process. Those that end meanwhile, or whose clocks are denied, are left out.
    """
    try:
        names = os.listdir(folder)  # noqa: PTH208 - a third of the time of making paths, twice for every slice
    except OSError:
        return {}
    return clocks_of((pid for name in names if name.isdecimal() and (pid := int(name)) != own), read)


def clocks_of(pids: Iterable[int], read: Callable[[int], int] = clock_of) -> dict[int, int]:
    """The processor time of processes, by PID, without those that have ended or whose clocks are denied."""
    known: dict[int, int] = {}
    for pid in pids:
        try:
            known[pid] = read(pid)
        except OSError:
            continue
    return known


def numbers_match(host: Host = LOCAL) -> bool:
    """Whether the numbers in `/proc` are the ones that this process's clocks go by.

    They are not where a process namespace was entered and the folder is still another's: then `NSpid` tells more
    than one number, and reading the clocks of listed numbers would accuse whatever process has them there.
    """
    status = host.text("/proc/self/status") or ""
    numbers = next((line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:")), [])
    return len(numbers) == 1


def all_visible(host: Host = LOCAL, read: Callable[[int], int] = clock_of) -> bool:
    """Whether processes of the whole machine can be seen, and their clocks read.

    They cannot in a process namespace of one's own (nearly every container), with `hidepid`, or in a sandbox that
    imitates the kernel: there PID 2 is not `kthreadd`.
    """
    if not numbers_match(host) or host.text(f"/proc/{FIRST_KERNEL_THREAD}/comm") != "kthreadd":
        return False
    try:
        read(FIRST_KERNEL_THREAD)
    except OSError:
        return False
    return True


def name_of(pid: int, host: Host = LOCAL) -> str:
    """The process's name as the kernel knows it; `?` when it has ended."""
    return host.text(f"/proc/{pid}/comm") or "?"
