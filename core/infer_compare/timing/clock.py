"""What is timed and by what: a call without arguments, and a clock of integer nanoseconds."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Nanoseconds since a fixed moment; never runs backwards."""

Call = Callable[[], object]
"""One batch through the model, synchronised where the series asks for it. What it returns is dropped."""

MONOTONIC: Clock = time.perf_counter_ns
"""On Linux and macOS the machine's monotonic clock, the same in every process."""
