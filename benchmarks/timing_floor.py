"""What the timed loop itself costs: nanoseconds a stamp, over a bare loop that makes the same calls.

The claim: less than 150 ns a stamp, and taking turns among four input buffers costs nothing that can be told
from noise. Prints one line per loop; each figure is the least of several repetitions, since other programs can
only add to it.

Usage: python benchmarks/timing_floor.py
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.timing import MONOTONIC, SliceLimits, collector_paused, timed_phases
from infer_compare.timing.stamps import run_calls, stamp_blocks, stamp_calls

if TYPE_CHECKING:
    from collections.abc import Callable

CALLS = 100_000
REPETITIONS = 15
NEVER_NS = 10**12


def nothing() -> None:
    """The cheapest call that Python has."""


def bare_loop() -> None:
    """The same calls with no clock."""
    call = nothing
    for _ in range(CALLS):
        call()


def least_ns(work: Callable[[], object]) -> float:
    """Nanoseconds a call, in the fastest repetition."""
    best = NEVER_NS
    with collector_paused():
        for _ in range(REPETITIONS):
            before = MONOTONIC()
            work()
            best = min(best, MONOTONIC() - before)
    return best / CALLS


def phases_ns(stages: tuple[Callable[[], object], ...]) -> float:
    """Nanoseconds that an iteration of three empty parts appears to take, in the fastest repetition."""
    limits = SliceLimits(slice_ns=CALLS, tiny_lead_ns=0, overrun=NEVER_NS)
    pieces = [timed_phases(stages, lambda _: None, lambda _: None, 1, MONOTONIC, limits) for _ in range(REPETITIONS)]
    return min(sum(piece.durations_ns) for piece in pieces) / CALLS


def main() -> None:
    """Prints the table."""
    one, four = (nothing,), (nothing,) * 4
    bare = least_ns(bare_loop)
    loops = {
        "bare loop, one call": bare,
        "turns among four, no stamp": least_ns(lambda: run_calls(four, CALLS)),
        "a stamp a call, one buffer": least_ns(lambda: stamp_calls(one, CALLS, MONOTONIC, NEVER_NS)),
        "a stamp a call, four buffers": least_ns(lambda: stamp_calls(four, CALLS, MONOTONIC, NEVER_NS)),
        "a stamp per 100 calls": least_ns(lambda: stamp_blocks(four, 100, CALLS // 100, MONOTONIC, NEVER_NS)),
        "stage, run, fetch: in an iteration": phases_ns(four),
    }
    print(f"{'loop':36}{'ns a call':>12}{'over bare':>12}{'ratio':>8}")
    for name, ns in loops.items():
        print(f"{name:36}{ns:12.1f}{ns - bare:12.1f}{ns / bare:8.2f}")


if __name__ == "__main__":
    main()
