"""Processor time of the processes that this process can see."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from infer_compare.environment.host import LOCAL, Host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FIRST_KERNEL_THREAD = 2
"""PID of the kernel's `kthreadd` in the initial process namespace of a machine."""


def clock_of(pid: int) -> int:
    """Return the processor time of all threads of a process, in nanoseconds; this needs no privilege.

    `(~pid << 3) | 2` is how Linux encodes the processor-time clock of a process (`clock_getcpuclockid`).

    Raises:
        OSError: there is no such process, or access to its clock is denied.
    """
    return time.clock_gettime_ns((~pid << 3) | 2)


def clocks(folder: str, without: int, read: Callable[[int], int] = clock_of) -> dict[int, int]:
    """Return the processor time, by PID, of every process in `folder` (`/proc`) except the PID `without`.

    This takes about 2 us per process. Processes that end meanwhile, or whose clocks are denied, are left out.
    """
    try:
        names = os.listdir(folder)  # noqa: PTH208 - a third of the time of making paths, twice for every slice
    except OSError:
        return {}
    return clocks_of((pid for name in names if name.isdecimal() and (pid := int(name)) != without), read)


def clocks_of(pids: Iterable[int], read: Callable[[int], int] = clock_of) -> dict[int, int]:
    """Return the processor time of processes, by PID, without those that have ended or whose clocks are denied."""
    known: dict[int, int] = {}
    for pid in pids:
        try:
            known[pid] = read(pid)
        except OSError:
            continue
    return known


def numbers_match(host: Host = LOCAL) -> bool:
    """Return whether the PIDs in `/proc` are valid in the process namespace of this process.

    They are not if `/proc` belongs to a parent namespace. `NSpid` then lists several numbers, and the clock of a PID from
    `/proc` would be that of an unrelated process.
    """
    status = host.text("/proc/self/status") or ""
    numbers = next((line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:")), [])
    return len(numbers) == 1


def all_visible(host: Host = LOCAL, read: Callable[[int], int] = clock_of) -> bool:
    """Return whether the clocks of all processes of the machine can be read.

    They cannot in a separate process namespace (nearly every container), with `hidepid`, or in a sandbox that imitates the
    kernel: there PID 2 is not `kthreadd`.
    """
    if not numbers_match(host) or host.text(f"/proc/{FIRST_KERNEL_THREAD}/comm") != "kthreadd":
        return False
    try:
        read(FIRST_KERNEL_THREAD)
    except OSError:
        return False
    return True


def name_of(pid: int, host: Host = LOCAL) -> str:
    """Return the kernel's name of a process; `?` if it has ended."""
    return host.text(f"/proc/{pid}/comm") or "?"
