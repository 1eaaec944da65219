"""How long measuring will take: pure arithmetic over what exploring saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SLICE_S = 0.06
SLICE_CALLS = 8
DROPPED_CALLS = 3
LONG_SLICE_S = 2.0
SWITCH_S = 0.004
"""Staging, reading counters and talking to the worker, per slice."""
WARM_UP_S = 0.1
WARM_UP_CALLS = 6


def slice_seconds(latency_ns: float) -> float:
    """Seconds that a slice takes at a latency."""
    latency = latency_ns / 1e9
    if SLICE_CALLS * latency > LONG_SLICE_S:
        return 3 * latency + SWITCH_S
    return max(SLICE_S, SLICE_CALLS * latency) + DROPPED_CALLS * latency + SWITCH_S


def warm_up_seconds(latency_ns: float, first_call_ns: float) -> float:
    """Seconds that reaching the steady state takes."""
    latency = latency_ns / 1e9
    return first_call_ns / 1e9 + max(WARM_UP_S + 0.04, min(WARM_UP_CALLS, 5) * latency)


def round_seconds(latencies_ns: Iterable[float]) -> float:
    """Seconds of a round over contenders with those latencies: two slices each."""
    return 2 * sum(slice_seconds(latency) for latency in latencies_ns)
