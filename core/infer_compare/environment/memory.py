"""Memory of processes and of the machine, in bytes, and the kernel's kills."""

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
"""The part of what is available that a worker may take by default."""
OWN_SHARE = 0.5
"""The part of what is available that this process itself may take, for models that it reads and rows that it holds."""
RESERVE_SHARE = 0.05
RESERVE_LEAST = 512 * MIB
RESERVE_MOST = 0.1
"""The reserve of a small limit: 512 MiB would be most of a container of 600."""
BACKSTOP_SLACK = 1.25
OOM_SCORE = 800
"""Raised so far, a worker is the first that the kernel takes when memory runs out."""


def total(host: Host = LOCAL) -> int:
    """Return the machine's memory."""
    kib = host.fields("/proc/meminfo").get("MemTotal")
    if kib is not None:
        return kib * KIB
    from infer_compare.environment import portable

    return portable.memory_total()


def available(host: Host = LOCAL) -> int:
    """Return what can still be taken without swapping: of the machine's memory, and within every memory limit."""
    kib = host.fields("/proc/meminfo").get("MemAvailable")
    if kib is not None:
        machine = kib * KIB
    else:
        from infer_compare.environment import portable

        machine = portable.memory_available()
    left = control_groups(host).memory_left()
    return machine if left is None else min(machine, left)


class MemoryLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The memory limit that applies to this process and its workers: the smallest of those above them."""

    kind: Literal["machine", "control group"]
    group: str = ""
    """The folder of the control group that sets it; empty where the machine's memory is the limit."""
    size: int
    """Bytes."""
    available: int
    """Bytes that can still be taken, by this limit and by every other one."""

    @property
    def reserve(self) -> int:
        """Bytes that must stay available: 5 % of the limit, at least 512 MiB, and never more than a tenth of it."""
        return min(max(RESERVE_LEAST, int(RESERVE_SHARE * self.size)), int(RESERVE_MOST * self.size))

    def share(self, share: float) -> int:
        """Return that share of what is available, in bytes, and never any of the reserve."""
        return max(0, min(int(share * self.available), self.available - self.reserve))

    def __str__(self) -> str:
        if self.kind == "machine":
            return f"the machine's memory ({size_text(self.size)})"
        return f"the memory limit of the control group {self.group} ({size_text(self.size)})"


def limit(host: Host = LOCAL) -> MemoryLimit:
    """Return the memory limit that applies."""
    machine = total(host)
    tightest = min(control_groups(host).memory_limits(), key=lambda one: one.size, default=None)
    if tightest is None or tightest.size >= machine:
        return MemoryLimit(kind="machine", size=machine, available=available(host))
    return MemoryLimit(kind="control group", group=tightest.folder, size=tightest.size, available=available(host))


def size_text(size: int) -> str:
    """Return a size for a sentence."""
    for unit, name in ((TIB, "TiB"), (GIB, "GiB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size / MIB:.0f} MiB"


def default_cap(host: Host = LOCAL) -> int:
    """Return the most that one worker may hold where no cap is given: 80 % of what is available, and no reserve."""
    return limit(host).share(CAP_SHARE)


def own_share(host: Host = LOCAL) -> int:
    """Return the most that this process itself may read into memory now, in bytes: a limit for everything it reads."""
    return limit(host).share(OWN_SHARE)


def swap(host: Host = LOCAL) -> tuple[int, int]:
    """Return the size of the swap space, and how much of it is in use; where a memory limit applies, its own."""
    fields = host.fields("/proc/meminfo")
    if "SwapTotal" not in fields:
        from infer_compare.environment import portable

        return portable.swap()
    size, used = fields["SwapTotal"] * KIB, (fields["SwapTotal"] - fields.get("SwapFree", 0)) * KIB
    groups = control_groups(host)
    if (allowed := groups.swap_limit()) is not None:
        size = min(size, allowed)
    if limit(host).kind == "control group" and (own := groups.swap_used()) is not None:
        used = own
    return size, used


def resident(pid: int, host: Host = LOCAL) -> int:
    """Resident memory of a process; 0 when it has ended. On Linux one short read, cheap enough to be made 50 times a second."""
    if host.has_proc:
        match (host.text(f"/proc/{pid}/statm") or "").split():
            case [_, pages, *_]:
                return int(pages) * os.sysconf("SC_PAGESIZE")
        return 0
    from infer_compare.environment import portable

    return portable.resident(pid)


def proportional(pid: int, host: Host = LOCAL) -> tuple[int, int]:
    """Return a process's resident memory, each page divided by how many processes hold it: shared memory, and the rest.

    The kernel looks at every page for it, some 10 ms for each GiB.

    Returns:
        The rest and shared memory, in bytes; all that is resident and 0 where the kernel does not tell.
    """
    fields = host.fields(f"/proc/{pid}/smaps_rollup")
    if "Pss" not in fields:
        return resident(pid, host), 0
    shared = fields.get("Pss_Shmem", 0)
    return (fields["Pss"] - shared) * KIB, shared * KIB


def peak_resident(pid: int, host: Host = LOCAL) -> int | None:
    """Peak resident memory of a process since `reset_peak` (VmHWM); None where it is not told or the process ended.

    Not `ru_maxrss`: that one survives exec, and a worker would report its parent's peak.
    """
    kib = host.fields(f"/proc/{pid}/status").get("VmHWM")
    return None if kib is None else kib * KIB


def swapped(pid: int, host: Host = LOCAL) -> int:
    """Memory of a process that lies in swap (VmSwap); 0 where the kernel does not tell."""
    return host.fields(f"/proc/{pid}/status").get("VmSwap", 0) * KIB


def reset_peak(pid: int, host: Host = LOCAL) -> bool:
    """Starts a new peak of a process's resident memory; False where the kernel does not let us."""
    return _write(host, f"/proc/{pid}/clear_refs", b"5")


def raise_oom_score(score: int = OOM_SCORE, host: Host = LOCAL) -> bool:
    """Makes this process the first that the kernel kills when memory runs out; False where it does not let us.

    Args:
        score: 0 to 1000; raising it needs no privilege.
        host: the machine.
    """
    return _write(host, "/proc/self/oom_score_adj", str(score).encode())


def refuse_beyond(cap: int, host: Host = LOCAL) -> int | None:
    """Makes the kernel refuse this process private memory beyond what a cap of resident memory leaves it.

    One giant request then fails where it is made, as an error that the framework can raise, before the watchdog could
    see it. RLIMIT_DATA counts private writable mappings, touched or not, and some are never touched: hence a quarter
    more than is left. Never RLIMIT_AS: frameworks map far more than they use.

    Returns:
        The limit in bytes; None where the kernel has none, or a lower one is set already.
    """
    import resource

    data = host.fields("/proc/self/status").get("VmData")
    if data is None:
        return None
    left = max(0, cap - resident(os.getpid(), host))
    limit = data * KIB + int(BACKSTOP_SLACK * left)
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if any(one != resource.RLIM_INFINITY and one <= limit for one in (soft, hard)):
        return None
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    return limit


def kernel_kills(host: Host = LOCAL) -> int | None:
    """A count that advances when the kernel kills a process for memory, here or in this process's control group.

    Only its advance means something. None where the kernel does not count.
    """
    counts = (host.fields("/proc/vmstat").get("oom_kill"), control_groups(host).kills())
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _write(host: Host, absolute: str, data: bytes) -> bool:
    """Writes to a kernel file; whether it was taken."""
    # With a buffered file the kernel's refusal would come when the object is collected, and be lost.
    try:
        descriptor = os.open(host.path(absolute), os.O_WRONLY)
        try:
            return os.write(descriptor, data) == len(data)
        finally:
            os.close(descriptor)
    except OSError:
        return False
