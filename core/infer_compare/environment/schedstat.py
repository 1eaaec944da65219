"""Running and waiting times of threads, according to Linux's `schedstat`."""

from __future__ import annotations

import os

from infer_compare.environment.host import LOCAL, Host, read


def has_schedstat(host: Host = LOCAL) -> bool:
    """Return whether the kernel counts how long threads wait for a core; some kernels only write zeros."""
    match (host.text("/proc/self/schedstat") or "").split():
        case [cpu, _, _]:
            return cpu != "0"
    return False


def own_delay_ns() -> int:
    """Return how long the calling thread has waited for a core so far, in nanoseconds; 0 if the kernel does not count it."""
    match (read("/proc/thread-self/schedstat") or b"").split():
        case [_, delay, *_]:
            return int(delay)
    return 0


def thread_times(tasks: str) -> dict[int, tuple[int, int]]:
    """Return, by thread number, the processor time and the time spent waiting for a core, in nanoseconds.

    This takes about 5 us per thread.

    Args:
        tasks: the folder of a process's threads, `/proc/self/task`.
    """
    times: dict[int, tuple[int, int]] = {}
    for name in os.listdir(tasks):  # noqa: PTH208 - faster than making paths, and done twice for every slice
        match (read(f"{tasks}/{name}/schedstat") or b"").split():
            case [cpu, delay, *_]:
                times[int(name)] = (int(cpu), int(delay))
    return times
