"""What psutil knows of a machine without `/proc`, such as macOS."""

from __future__ import annotations

import psutil  # type: ignore[import-untyped] # it ships no types


def memory_total() -> int:
    """The machine's memory, in bytes."""
    return int(psutil.virtual_memory().total)


def memory_available() -> int:
    """Memory that can be taken without swapping, in bytes."""
    return int(psutil.virtual_memory().available)


def swap() -> tuple[int, int]:
    """Swap space: its size, and how much of it is in use, in bytes."""
    reading = psutil.swap_memory()
    return int(reading.total), int(reading.used)


def resident(pid: int) -> int:
    """Resident memory of a process, in bytes; 0 when it has ended or may not be looked at."""
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def physical_cores() -> int | None:
    """Physical cores of the machine; None where the system does not tell."""
    count = psutil.cpu_count(logical=False)
    return int(count) if count else None


def on_battery() -> bool | None:
    """Whether the machine runs on its battery; None where it has none or does not tell."""
    sensors = getattr(psutil, "sensors_battery", None)
    battery = sensors() if sensors is not None else None
    if battery is None or battery.power_plugged is None:
        return None
    return not battery.power_plugged
