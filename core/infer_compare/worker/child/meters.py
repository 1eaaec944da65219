"""The clock and counters that a worker reads while an operating point runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.environment.noise import NoiseProbe
    from infer_compare.environment.nvml import GpuProbe
    from infer_compare.timing import Clock


class Meters(NamedTuple):
    """The clock and counters that are read while an operating point runs."""

    noise: NoiseProbe
    clock: Clock
    gpu: GpuProbe | None = None
    """Of the device; None without a GPU probe."""
    core_ns: Callable[[], int] | None = None
    """Times a fixed computation on the core of this thread; None if slices are not judged by it."""
    sleep: Callable[[float], None] = time.sleep
    """Waits by the clock."""
