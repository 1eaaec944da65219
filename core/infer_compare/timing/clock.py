"""The types of timed calls and of clocks."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Returns integer nanoseconds since a fixed moment; never runs backwards."""

Call = Callable[[], object]
"""Runs one batch through the model, and waits for the result if the series requires it. Its return value is ignored."""

MONOTONIC: Clock = time.perf_counter_ns
"""On Linux and macOS the machine's monotonic clock, the same in every process."""
