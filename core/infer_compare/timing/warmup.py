"""Warming up: calls until the latency no longer changes, with the first call recorded separately."""

from __future__ import annotations

from math import ceil
from statistics import median
from typing import TYPE_CHECKING

import msgspec

from infer_compare.timing.plan import MILLISECOND, BlockLimits
from infer_compare.timing.stamps import durations, stamp_blocks, stamp_calls

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.timing.clock import Call, Clock


class WarmUpLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The constants of warming up; the defaults are those of the protocol.

    Three calls and 100 ms suffice for eager, graph and compiled execution after a change of batch size, by measurements. The comparison
    of windows detects other causes, such as a busy host.
    """

    minimum_calls: int = 3
    minimum_ns: int = 100 * MILLISECOND
    window_calls: int = 5
    window_ns: int = 20 * MILLISECOND
    tolerance: float = 0.05
    """Two consecutive windows agree if their medians differ by no more than this share of the larger."""
    slow_ns: int = 20 * MILLISECOND
    """Longer calls are compared one by one, as a window of them would take longer than `minimum_ns`."""
    slow_calls: int = 5
    """The most slow calls after the first call."""
    cap_ns: int = 10_000 * MILLISECOND
    """Warming up ends after this time, counted from the end of the first call, even if the latency still changes."""
    known_ns: int | None = None
    """Duration of a warm call in slices of earlier processes; None if it is not known. A call or window that takes no longer, within
    `tolerance`, counts as warm by itself, without another that agrees. A window that is as fast within `settled` needs no `minimum_ns`."""
    settled: float = 0.02
    """The first calls are as fast as the last if their medians differ by no more than this share."""
    blocks: BlockLimits = BlockLimits()


BRIEF = WarmUpLimits(minimum_ns=0, slow_ns=10 * MILLISECOND)
"""Limits that need only two windows that agree, for points at which an earlier process had its final speed at once."""


class WarmUpResult(msgspec.Struct, frozen=True, kw_only=True):
    """How the steady state was reached."""

    first_call_ns: int
    """The first call, with compilation, tracing, tuning and lazy initialisation."""
    calls: int
    """Number of all calls, including the first."""
    total_ns: int
    """Time of all calls."""
    latency_ns: int
    """Median duration of a call in the last window; for slow calls, the duration of the last one."""
    steady: bool
    """Whether the last two windows agreed before the cap."""
    settled: bool
    """Whether it was steady, and the first window was as fast as the last, so that a brief warm-up would have sufficed."""


def warm_up(calls: Sequence[Call], clock: Clock, limits: WarmUpLimits | None = None) -> WarmUpResult:
    """Make calls until two consecutive windows of them take the same time.

    Args:
        calls: one call per input buffer; they take turns.
        clock: the clock to read.
        limits: the constants of the protocol; by default those of `WarmUpLimits`.

    Raises:
        ValueError: `calls` is empty.
        Exception: any exception of a call.
    """
    if not calls:
        raise ValueError("warming up needs at least one call")
    limits = limits or WarmUpLimits()
    started = clock()
    calls[0]()
    first_ended = clock()
    first_call_ns = first_ended - started

    made, latency_ns, steady = _one_by_one(calls, clock, limits, first_ended)
    slow = latency_ns > limits.slow_ns
    turns = tuple(calls)
    previous_ns: int | None = None
    # There are no windows of slow calls.
    early_ns = latency_ns if slow else None
    while not (slow or steady):
        remaining_ns = limits.cap_ns - (clock() - first_ended)
        if remaining_ns <= 0:
            break
        latency_ns, in_window = _window(turns, latency_ns, clock, remaining_ns, limits)
        early_ns = latency_ns if early_ns is None else early_ns
        made += in_window
        steady = (
            _is_warm(previous_ns, latency_ns, limits)
            and made >= limits.minimum_calls
            and _least_ns(latency_ns, limits) <= clock() - first_ended <= limits.cap_ns
        )
        previous_ns = latency_ns
    return WarmUpResult(
        first_call_ns=first_call_ns,
        calls=1 + made,
        total_ns=clock() - started,
        latency_ns=latency_ns,
        steady=steady,
        settled=steady and early_ns is not None and _agree(early_ns, latency_ns, limits.settled),
    )


def _one_by_one(calls: Sequence[Call], clock: Clock, limits: WarmUpLimits, began: int) -> tuple[int, int, bool]:
    """Make calls until one is not slow, two slow ones agreed and `minimum_ns` since `began` are over, or the most slow calls are made.

    Returns:
        How many calls were made, the duration of the last, and whether slow calls agreed.
    """
    previous_ns: int | None = None
    agreed = False
    made = 0
    while True:
        made += 1
        before = clock()
        calls[made % len(calls)]()
        latency_ns = clock() - before
        if latency_ns <= limits.slow_ns:
            return made, latency_ns, False
        agreed = agreed or _is_warm(previous_ns, latency_ns, limits)
        if agreed and clock() - began >= _least_ns(latency_ns, limits):
            return made, latency_ns, True
        if made >= limits.slow_calls:
            return made, latency_ns, agreed
        previous_ns = latency_ns


def _window(
    turns: tuple[Call, ...], latency_ns: int, clock: Clock, remaining_ns: int, limits: WarmUpLimits
) -> tuple[int, int]:
    """Run one window sized for calls of `latency_ns`; return the median duration of a call, and the number of calls."""
    calls_per_stamp = limits.blocks.calls_per_stamp(latency_ns, len(turns))
    stamp_ns = max(1, latency_ns) * calls_per_stamp
    count = max(limits.window_calls, ceil(limits.window_ns / stamp_ns))
    if calls_per_stamp == 1:
        stamps = stamp_calls(turns, count, clock, remaining_ns)
    else:
        stamps = stamp_blocks(turns, calls_per_stamp, count, clock, remaining_ns)
    times = durations(stamps)
    return round(median(times) / calls_per_stamp), len(times) * calls_per_stamp


def _is_warm(previous_ns: int | None, latency_ns: int, limits: WarmUpLimits) -> bool:
    """Return whether a duration agrees with the previous one, or is no longer than that of known warm calls."""
    if limits.known_ns is not None and latency_ns <= (1 + limits.tolerance) * limits.known_ns:
        return True
    return previous_ns is not None and _agree(previous_ns, latency_ns, limits.tolerance)


def _least_ns(latency_ns: int, limits: WarmUpLimits) -> int:
    """Return the shortest warm-up if the last window had calls of `latency_ns`."""
    if limits.known_ns is not None and latency_ns <= (1 + limits.settled) * limits.known_ns:
        return 0
    return limits.minimum_ns


def _agree(first: int, second: int, tolerance: float) -> bool:
    """Return whether two durations differ by no more than `tolerance` of the larger."""
    return abs(first - second) <= tolerance * max(first, second)
