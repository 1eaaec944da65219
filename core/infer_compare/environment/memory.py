"""Memory of processes and of the machine, in bytes, and processes that the kernel killed when memory ran out."""

from __future__ import annotations

import os
from typing import Literal

import msgspec

from infer_compare.environment.cgroup import control_groups
from infer_compare.environment.host import LOCAL, Host

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB
TIB = 1024 * GIB
CAP_SHARE = 0.8
"""Share of the available memory that a worker may take by default."""
OWN_SHARE = 0.5
"""Share of the available memory that this process itself may take, for models and rows."""
RESERVE_SHARE = 0.05
RESERVE_LEAST = 512 * MIB
RESERVE_MOST = 0.1
"""Largest share of a limit that is kept as reserve: 512 MiB would be most of a container of 600 MiB."""
BACKSTOP_SLACK = 1.25
OOM_SCORE = 800
"""Score with which the kernel kills a worker first when memory runs out."""


def total(host: Host = LOCAL) -> int:
    """Return the size of the machine's memory."""
    kib = host.fields("/proc/meminfo").get("MemTotal")
    if kib is not None:
        return kib * KIB
    from infer_compare.environment import portable

    return portable.memory_total()


def available(host: Host = LOCAL) -> int:
    """Return the memory that can be taken without swapping and without exceeding a memory limit."""
    kib = host.fields("/proc/meminfo").get("MemAvailable")
    if kib is not None:
        machine = kib * KIB
    else:
        from infer_compare.environment import portable

        machine = portable.memory_available()
    left = control_groups(host).memory_left()
    return machine if left is None else min(machine, left)


class MemoryLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The smallest memory limit that applies to this process and its workers."""

    kind: Literal["machine", "control group"]
    group: str = ""
    """The folder of the control group that sets the limit; empty if the limit is the machine's memory."""
    size: int
    """Bytes."""
    available: int
    """Bytes that can be taken without exceeding this or any other limit."""

    @property
    def reserve(self) -> int:
        """Bytes that must stay available: 5 % of the limit, at least 512 MiB, but at most a tenth of it."""
        return min(max(RESERVE_LEAST, int(RESERVE_SHARE * self.size)), int(RESERVE_MOST * self.size))

    def share(self, share: float) -> int:
        """Return a share of the available bytes, without touching the reserve."""
        return max(0, min(int(share * self.available), self.available - self.reserve))

    def __str__(self) -> str:
        if self.kind == "machine":
            return f"the machine's memory ({size_text(self.size)})"
        return f"the memory limit of the control group {self.group} ({size_text(self.size)})"


def limit(host: Host = LOCAL) -> MemoryLimit:
    """Return the memory limit that applies."""
    machine = total(host)
    tightest = min(control_groups(host).memory_limits(), key=lambda limit: limit.size, default=None)
    if tightest is None or tightest.size >= machine:
        return MemoryLimit(kind="machine", size=machine, available=available(host))
    return MemoryLimit(kind="control group", group=tightest.folder, size=tightest.size, available=available(host))


def size_text(size: int) -> str:
    """Return a size in words, such as `1.5 GiB`."""
    for unit, name in ((TIB, "TiB"), (GIB, "GiB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size / MIB:.0f} MiB"


def default_cap(host: Host = LOCAL) -> int:
    """Return the default memory cap of a worker: 80 % of the available memory, without touching the reserve."""
    return limit(host).share(CAP_SHARE)


def own_share(host: Host = LOCAL) -> int:
    """Return the most bytes that this process itself may now read into memory."""
    return limit(host).share(OWN_SHARE)


def swap(host: Host = LOCAL) -> tuple[int, int]:
    """Return the size of the swap space and its used part, both of the control group if that limits memory."""
    fields = host.fields("/proc/meminfo")
    if "SwapTotal" not in fields:
        from infer_compare.environment import portable

        return portable.swap()
    size, used = fields["SwapTotal"] * KIB, (fields["SwapTotal"] - fields.get("SwapFree", 0)) * KIB
    groups = control_groups(host)
    if (allowed := groups.swap_limit()) is not None:
        size = min(size, allowed)
    if limit(host).kind == "control group" and (used_by_group := groups.swap_used()) is not None:
        used = used_by_group
    return size, used


def resident(pid: int, host: Host = LOCAL) -> int:
    """Return the resident memory of a process, 0 if it has ended; on Linux cheap enough for 50 calls a second."""
    if host.has_proc:
        match (host.text(f"/proc/{pid}/statm") or "").split():
            case [_, pages, *_]:
                return int(pages) * os.sysconf("SC_PAGESIZE")
        return 0
    from infer_compare.environment import portable

    return portable.resident(pid)


def proportional(pid: int, host: Host = LOCAL) -> tuple[int, int]:
    """Return the proportional resident memory of a process: each page divided by the number of processes that map it.

    The kernel looks at every page, which takes about 10 ms per GiB.

    Returns:
        The bytes outside and in shared memory; all resident memory and 0 if the kernel does not report them.
    """
    fields = host.fields(f"/proc/{pid}/smaps_rollup")
    if "Pss" not in fields:
        return resident(pid, host), 0
    shared = fields.get("Pss_Shmem", 0)
    return (fields["Pss"] - shared) * KIB, shared * KIB


def peak_resident(pid: int, host: Host = LOCAL) -> int | None:
    """Return the peak resident memory of a process since `reset_peak`; None if not reported or the process has ended.

    It is VmHWM instead of `ru_maxrss`, which survives exec: a worker would report its parent's peak.
    """
    kib = host.fields(f"/proc/{pid}/status").get("VmHWM")
    return None if kib is None else kib * KIB


def swapped(pid: int, host: Host = LOCAL) -> int:
    """Return the swapped-out memory of a process (VmSwap); 0 if the kernel does not report it."""
    return host.fields(f"/proc/{pid}/status").get("VmSwap", 0) * KIB


def reset_peak(pid: int, host: Host = LOCAL) -> bool:
    """Reset the peak of a process's resident memory; return False if the kernel refuses."""
    return _write(host, f"/proc/{pid}/clear_refs", b"5")


def raise_oom_score(score: int = OOM_SCORE, host: Host = LOCAL) -> bool:
    """Make this process the first that the kernel kills when memory runs out; return False if the kernel refuses.

    Args:
        score: from 0 to 1000; raising it needs no privilege.
        host: the machine.
    """
    return _write(host, "/proc/self/oom_score_adj", str(score).encode())


def refuse_beyond(cap: int, host: Host = LOCAL) -> int | None:
    """Make the kernel refuse private memory of this process beyond a cap of its resident memory.

    A huge allocation then fails with an error that the framework can raise, before the watchdog could notice it.
    RLIMIT_DATA counts private writable mappings even if they are never used, hence the limit is a quarter above the
    rest of the cap. RLIMIT_AS is not suitable: frameworks map far more than they use.

    Returns:
        The limit in bytes; None if the kernel has none, or a lower one is set already.
    """
    import resource

    data = host.fields("/proc/self/status").get("VmData")
    if data is None:
        return None
    left = max(0, cap - resident(os.getpid(), host))
    limit = data * KIB + int(BACKSTOP_SLACK * left)
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if any(existing != resource.RLIM_INFINITY and existing <= limit for existing in (soft, hard)):
        return None
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    return limit


def kernel_kills(host: Host = LOCAL) -> int | None:
    """Return a count of processes that the kernel killed when memory ran out, on this machine or in the control group.

    Only increases are meaningful, since a process may be counted twice. None if the kernel does not count.
    """
    counts = (host.fields("/proc/vmstat").get("oom_kill"), control_groups(host).kills())
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _write(host: Host, absolute: str, data: bytes) -> bool:
    """Write to a kernel file, and return whether the kernel accepted it."""
    # Unbuffered: a buffered file would raise the kernel's error only when it is collected, where it is lost.
    try:
        descriptor = os.open(host.path(absolute), os.O_WRONLY)
        try:
            return os.write(descriptor, data) == len(data)
        finally:
            os.close(descriptor)
    except OSError:
        return False
