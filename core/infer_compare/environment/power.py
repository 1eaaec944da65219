"""Where the machine's power comes from, and how long it has slept: laptops change both in the middle of a run."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from infer_compare.environment.host import LOCAL, Host

if TYPE_CHECKING:
    from collections.abc import Callable

SUPPLIES = "/sys/class/power_supply"
_CLOCKS = (("CLOCK_BOOTTIME", "CLOCK_MONOTONIC"), ("CLOCK_MONOTONIC_RAW", "CLOCK_UPTIME_RAW"))
"""A clock that goes on while the machine sleeps, and one that does not: on Linux, on macOS."""


def on_battery(host: Host = LOCAL) -> bool | None:
    """Return whether the machine runs on its battery; None where it has none or does not tell."""
    if not host.has_proc:
        from infer_compare.environment import portable

        return portable.on_battery()
    discharging: bool | None = None
    for supply in host.names(SUPPLIES):
        kind = host.text(f"{SUPPLIES}/{supply}/type")
        if kind in {"Mains", "USB"} and host.text(f"{SUPPLIES}/{supply}/online") == "1":
            return False
        # Mice and headsets have batteries too; their scope is `Device`.
        if kind == "Battery" and host.text(f"{SUPPLIES}/{supply}/scope") != "Device":
            state = host.text(f"{SUPPLIES}/{supply}/status")
            discharging = bool(discharging) or state == "Discharging"
    return discharging


def source_of(host: Host = LOCAL) -> Callable[[], bool | None]:
    """Return what reads the power source again and again: nothing is read on a machine without a battery."""
    if on_battery(host) is None:
        return lambda: None
    return lambda: on_battery(host)


def asleep_ns() -> int:
    """Return how long the machine has slept since it started, in nanoseconds; 0 where the system does not tell.

    Two readings differ by microseconds when it has not slept in between.
    """
    for awake_and_asleep, awake in _CLOCKS:
        if hasattr(time, awake_and_asleep) and hasattr(time, awake):
            return time.clock_gettime_ns(getattr(time, awake_and_asleep)) - time.clock_gettime_ns(getattr(time, awake))
    return 0
