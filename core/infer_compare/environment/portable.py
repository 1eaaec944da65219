"""Properties of a machine without `/proc`, such as macOS, according to psutil."""

from __future__ import annotations

import psutil  # type: ignore[import-untyped] # it ships no types


def memory_total() -> int:
    """Return the size of the machine's memory, in bytes."""
    return int(psutil.virtual_memory().total)


def memory_available() -> int:
    """Return the memory that can be taken without swapping, in bytes."""
    return int(psutil.virtual_memory().available)


def swap() -> tuple[int, int]:
    """Return the size of the swap space and its used part, in bytes."""
    reading = psutil.swap_memory()
    return int(reading.total), int(reading.used)


def resident(pid: int) -> int:
    """Return the resident memory of a process, in bytes; 0 if it has ended or access is denied."""
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def physical_cores() -> int | None:
    """Return the number of physical cores of the machine; None if the system does not report it."""
    count = psutil.cpu_count(logical=False)
    return int(count) if count else None


def on_battery() -> bool | None:
    """Return whether the machine runs on its battery; None if it has none or does not report it."""
    sensors = getattr(psutil, "sensors_battery", None)
    battery = sensors() if sensors is not None else None
    if battery is None or battery.power_plugged is None:
        return None
    return not battery.power_plugged
