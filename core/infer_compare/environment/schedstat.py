"""How long threads ran, and how long they waited for a core (Linux's `schedstat`)."""

from __future__ import annotations

import os

from infer_compare.environment.host import LOCAL, Host, read


def has_schedstat(host: Host = LOCAL) -> bool:
    """Whether the kernel counts how long threads waited for a core; some keep the file and fill it with zeros."""
    match (host.text("/proc/self/schedstat") or "").split():
        case [cpu, _, _]:
            return cpu != "0"
    return False


def thread_times(tasks: str) -> dict[int, tuple[int, int]]:
    """Processor time, and time spent runnable without a core, of each thread, in nanoseconds, by thread number.

    Args:
        tasks: the folder of a process's threads, `/proc/self/task`. About 5 us a thread.
    """
    found: dict[int, tuple[int, int]] = {}
    for name in os.listdir(tasks):  # noqa: PTH208 - faster than making paths, and done twice for every slice
        match (read(f"{tasks}/{name}/schedstat") or b"").split():
            case [cpu, delay, *_]:
                found[int(name)] = (int(cpu), int(delay))
    return found
