"""The thresholds of the measuring protocol, each named once; nothing here imports anything heavy.

They come from measurements on quiet and on loaded hosts, and `infer-compare selftest` checks them on any other.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Mode = Literal["quick", "default", "thorough"]

CONFIDENCE = 0.95
"""Of every interval that is reported, and of the family of headline verdicts."""
MARGIN = 0.03
"""Relative difference below which two contenders count as the same."""

# The gate: by cause, never by latency.
GATE_WAIT_SHARE = 0.10
"""A slice is rejected above this `wf = min(run_delay, foreign) / (run_delay + own_cpu)`."""
GATE_STEAL_SHARE = 0.05
"""A slice is rejected above this share of the machine's time stolen by the hypervisor."""
GATE_SLOWED_SHARE = 0.01
"""A slice on a GPU is rejected when its clocks were held down by heat or a fault for more than this share of it."""
GATE_BLIND_SHARE = 0.10
"""Without schedstat: rejected above this `foreign / (wall x cores) + threads / cores - 1`."""
GATE_BLIND_NS = 200_000_000
"""The shortest span over which that can be told from clock ticks."""
BUDGET_EXCESS = 0.10
"""Processor time beyond that of the thread budget, relative to it, above which a contender has not kept the budget."""
RETRY_FACTOR = 2
"""Rejected rounds are retried up to this multiple of the rounds wanted."""
NOISY_REJECTED_SHARE = 0.25
"""Above this share of rejected slices a quieter machine is part of the advice."""

# Slices.
LONG_SLICE_NS: dict[Mode, int] = {"quick": 300_000_000, "default": 500_000_000, "thorough": 1_000_000_000}
"""Where eight calls take longer, a slice keeps as many as fill this time: what differs is slices more than their calls."""

# Restarts and looks.
RESTARTS: dict[Mode, int] = {"quick": 3, "default": 4, "thorough": 8}
ROUNDS_PER_RESTART: dict[Mode, int] = {"quick": 2, "default": 4, "thorough": 4}
ORDINARY_RESTARTS = 4
"""From this many restarts on the ordinary interval decides, and SAME can be said."""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What must hold after few restarts before a direction is settled."""

    confidence: float
    """The interval of this confidence lies beyond the margin."""
    guard: float
    """Every clean round shows a ratio above this, in the same direction."""
    rounds: int
    """Clean rounds in each restart, at least."""


EARLY_LOOKS: dict[int, Look] = {
    2: Look(confidence=0.90, guard=1.5, rounds=2),
    3: Look(confidence=0.95, guard=1.25, rounds=1),
}
"""By the number of restarts with clean rounds. The guards keep the false positives of several looks at those of one."""
EARLY_LOOK_ERROR = 0.002
"""What the early looks contribute to the false positives, at most, in simulations with normal, heavy-tailed and bimodal
noise and with slow processes. It stands for their p-value among the headline verdicts."""
STALLED_SHRINKAGE = 0.05
"""An interval that a restart shrank by less than this share of itself shrinks no longer."""

# Figures.
MEDIAN_CALLS = 4
"""From this many stamps on a slice is represented by its median, below by its mean."""
P99_CALLS = 473
"""Calls from which p99 is told: at fewer, 95 % confidence allows not even one call beyond it."""
UNRESOLVED_HALF_WIDTH = 0.20
"""Above this relative half-width a direction is told and its size is not."""
SPREAD_RESTARTS = 3
"""Restarts from which their means can tell the spread of a throughput."""
DRIFT = 0.05
"""Relative change over the duration above which a point is flagged."""
DRIFT_SLICES = 8
"""Fewer slices than this tell no trend from noise."""
PAGE_FAULT_SYSTEM_SHARE = 0.10
"""Share of processor time spent in the kernel above which a point with page faults in its calls is page-fault bound."""

LAUNCH_BOUND_SHARE = 0.9
"""From this share of the pipelined period on, enqueuing is what takes the time."""
PEAK_EXCESS = 4.0
"""A point beyond this multiple of what the machine's fastest matrix product does is not believed."""

SUSTAINED_S = 60.0
"""How long `--thorough` runs each contender's best size on an accelerator, whose clocks fall as it gets warm."""
SUSTAINED_DIFFERENCE = 0.03
"""A sustained throughput that differs by more replaces that of the short slices."""
POWER_CAPPED_SHARE = 0.05
"""Share of the slices' time in which the power limit held a GPU's clocks down, above which a point is flagged."""

# Memory.
GROWTH_SLICES = 4
"""Slices from which growth by the call can be told from what is taken once."""
GROWTH_SHARE = 0.75
"""Share of the slices that must have made the worker larger."""
GROWTH_BYTES = 256 * 1024
"""Growth of a slice, on average, that is an allocator's noise."""
STAMP_BYTES = 128
"""What the harness itself holds for each duration of a slice, at most: readings and durations as Python integers."""

# Best batch.
CONFIRMED_SIZES: dict[Mode, int] = {"quick": 2, "default": 3, "thorough": 3}
"""The highest-ranked sizes that fresh rounds confirm."""
TIE_SHARE = 0.5
"""A smaller size is recommended while its estimate is at most this share of the margin behind the fastest: what noise
adds then keeps the loss below the margin."""


def long_slice_ns(mode: Mode, *, bounded: bool) -> int:
    """The time of eight calls, in nanoseconds, above which slices are shortened.

    Args:
        mode: how long people wait.
        bounded: whether there is a latency bound, which only many calls can show.
    """
    return LONG_SLICE_NS["thorough" if bounded else mode]
