"""The machine's power source and the time that it slept, both of which can change during a run on a laptop."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from infer_compare.environment.host import LOCAL, Host

if TYPE_CHECKING:
    from collections.abc import Callable

SUPPLIES = "/sys/class/power_supply"
_CLOCKS = (("CLOCK_BOOTTIME", "CLOCK_MONOTONIC"), ("CLOCK_MONOTONIC_RAW", "CLOCK_UPTIME_RAW"))
"""Names of a clock that continues while the machine sleeps and of one that does not, on Linux and on macOS."""


def on_battery(host: Host = LOCAL) -> bool | None:
    """Return whether the machine runs on its battery; None if it has none or does not report it."""
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
    """Return a function that reads `on_battery`, or always returns None on a machine without a battery."""
    if on_battery(host) is None:
        return lambda: None
    return lambda: on_battery(host)


def asleep_ns() -> int:
    """Return how long the machine has slept since it started, in nanoseconds; 0 if the system does not report it.

    Two readings differ by microseconds even if it has not slept in between.
    """
    for awake_and_asleep, awake in _CLOCKS:
        if hasattr(time, awake_and_asleep) and hasattr(time, awake):
            return time.clock_gettime_ns(getattr(time, awake_and_asleep)) - time.clock_gettime_ns(getattr(time, awake))
    return 0
