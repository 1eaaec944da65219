"""The thresholds of the measuring protocol, each named once; nothing here imports anything heavy.

They come from measurements on quiet and on loaded hosts, and `infer-compare selftest` checks them on any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from infer_compare.limits import SMALLEST_MARGIN

if TYPE_CHECKING:
    from infer_compare.request.options import Mode
    from infer_compare.results import Header

CONFIDENCE = 0.95
"""Of every interval that is reported."""
BOUND_PERCENTILES = (90.0, 95.0, 99.0)
"""At which a report says from which latency bound on each point is shown to keep it, beside that of the run."""
MARGIN = SMALLEST_MARGIN
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

NOISY_SCATTER = 0.015
"""Above this standard deviation of restart means, their scatter is named as what hides a difference."""
WIDE_ALLOWANCE = 0.5
"""Above this share of the margin, the allowance for contention is named too, and a quieter machine is part of the advice."""

# Slices.
LONG_SLICE_NS: dict[Mode, int] = {"quick": 300_000_000, "default": 500_000_000, "thorough": 1_000_000_000}
"""Where eight calls take longer, a slice keeps as many as fill this time: what differs is slices more than their calls."""

LONG_SLICE_CALLS = 2
"""So many are kept at least."""
SETTINGS_SLICE_NS = 150_000_000
SETTINGS_SLICE_CALLS = 1
"""The same in a quick run over several settings of the other axes, whose time goes to more points."""

# Restarts and looks.
RESTARTS: dict[Mode, int] = {"quick": 3, "default": 4, "thorough": 8}
ROUNDS_PER_RESTART: dict[Mode, int] = {"quick": 2, "default": 4, "thorough": 4}
SAME_RESTARTS = 3
"""From this many restarts on SAME can be said, and differences of any size that exceeds the margin."""
ORDINARY_RESTARTS = 4
"""From this many restarts on, rounds that tell nothing of their own scatter can settle what no guard does."""

# How much error a look may spend: the share of runs in which it calls two equal contenders different at any point.
FAMILY_ERROR = 0.01
"""Of all looks at the points of a pair of contenders, and of the verdicts of best against best."""
LOOKS: dict[int, dict[int, float]] = {
    RESTARTS["quick"]: {2: 0.002, 3: 0.010},
    RESTARTS["default"]: {2: 0.001, 3: 0.003, 4: 0.006},
    RESTARTS["thorough"]: {2: 0.001, 3: 0.002, 4: 0.003, 8: 0.004},
}
"""By the restarts that are planned: what the look after each number of restarts spends. Where three are planned the third
spends as if there had been none before it; simulated, the error stays within one per cent all the same."""
ONE_ROUND_ERROR = 0.003
"""What a look may spend, at most, where restarts have a single round each: these do not tell how much rounds scatter."""
GUARD = 1.15
"""After two restarts every clean round must show more than this, in the same direction."""
EARLY_ROUNDS = 2
"""Clean rounds of each restart, at least, at the look after two."""

# How much a restart mean scatters, as two or three restarts cannot tell alone.
PRIOR_DEVIATION = 0.015
"""Standard deviation of the mean log-ratio of a restart that is expected beforehand. Up to the margin this costs nothing."""
PRIOR_DF = 1.0
"""Degrees of freedom that the expectation counts for."""
PRIOR_ROUNDS = 2.0
"""The expected variance is this multiple of what the scatter of rounds explains, at least."""
OWN_WEIGHT = 4.0
"""Degrees of freedom of the common variance, at most, against a point's own larger one."""
ODD_POINT = 6.0
"""A point whose variance exceeds this multiple of the others' mean and of the expected one stands alone. Where that of all
points exceeds this multiple of the expected one, the expectation does not count."""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What must hold after few restarts before a direction is settled by a guard, whatever the t test says."""

    confidence: float
    """The interval of this confidence lies beyond the margin."""
    guard: float
    """Every clean round shows a ratio above this, in the same direction."""
    rounds: int
    """Clean rounds in each restart, at least."""


EARLY_LOOKS: dict[int, Look] = {
    2: Look(confidence=0.90, guard=1.5, rounds=EARLY_ROUNDS),
    3: Look(confidence=0.95, guard=1.25, rounds=1),
}
"""By the number of restarts with clean rounds. They find large differences at points that scatter much."""
EARLY_LOOK_ERROR = 0.002
"""What the guarded looks contribute to the false positives, at most, in simulations with normal, heavy-tailed and bimodal
noise and with slow processes. It stands for their p-value among the headline verdicts."""
STALLED_SHRINKAGE = 0.05
"""An interval that a restart shrank by less than this share of itself shrinks no longer."""

# Figures.
MEDIAN_CALLS = 4
"""From this many stamps on a slice is represented by its median, below by its mean."""
P99_CALLS = 473
"""p99 is reported from so many calls on: at fewer, 95 % confidence allows not even one call beyond it."""
UNRESOLVED_HALF_WIDTH = 0.20
"""Above this relative half-width only the direction is reported, without its size."""
SPREAD_RESTARTS = 3
"""Restarts from which their means can tell the spread of a throughput."""
DRIFT = 0.05
"""Relative change over the duration above which a point is flagged."""
DRIFT_SLICES = 8
"""Fewer slices than this tell no trend from noise."""
BALANCE = 0.8
"""Calls of the slowest of several instances, as a share of those of the fastest, below which a point is flagged."""
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

# New shapes.
NEW_SHAPE_NS = 100_000_000
NEW_SHAPE_CALLS = 10
"""The cost of a new batch size is worth a sentence from 100 ms and ten steady calls on, at the median over the sizes."""

# Best batch.
CONFIRMED_SIZES: dict[Mode, int] = {"quick": 2, "default": 3, "thorough": 3}
"""The highest-ranked sizes that fresh rounds confirm."""
TIE_SHARE = 0.5
"""A smaller size is recommended while its estimate is at most this share of the margin behind the fastest: what noise
adds then keeps the loss below the margin."""


class LongSlice(NamedTuple):
    """How much a slice of long calls holds."""

    ns: int
    """The time of eight calls, in nanoseconds, above which it holds fewer: as many as fill it."""
    calls: int = LONG_SLICE_CALLS
    """But so many at least."""


USUAL_LONG_SLICE = LongSlice(LONG_SLICE_NS["default"])


def long_slice(mode: Mode, *, bounded: bool, settings: int = 1) -> LongSlice:
    """Return how much a slice of long calls holds.

    Args:
        mode: how long people wait.
        bounded: whether there is a latency bound, which only many calls can show.
        settings: how many settings of the other axes are measured.
    """
    if mode == "quick" and not bounded and settings > 1:
        return LongSlice(SETTINGS_SLICE_NS, SETTINGS_SLICE_CALLS)
    return LongSlice(LONG_SLICE_NS["thorough" if bounded else mode])


def planned_restarts(header: Header) -> int:
    """Return by how many restarts the looks share the error: those planned, or most of all where a budget decides."""
    return header.plan.restarts if header.options.budget is None else max(RESTARTS.values())


def last_look(planned: int) -> int:
    """The number of restarts after which the last look is taken, where so many are planned."""
    return max(_looks(planned))


def error_of_look(restarts: int, planned: int, *, last: bool) -> float:
    """What the look after that many restarts may spend; 0 where there is none. The last one has what the others left.

    Args:
        restarts: with clean rounds.
        planned: restarts of the run.
        last: whether no restart will follow.
    """
    looks = _looks(planned)
    error = looks.get(restarts, 0.0)
    if last and restarts >= SAME_RESTARTS:
        before = sum(spent for look, spent in looks.items() if look < restarts)
        # Sums of thousandths are not exact; what is left of nothing is nothing.
        error = max(error, round(FAMILY_ERROR - before, 6))
    return error


def _looks(planned: int) -> dict[int, float]:
    return LOOKS[min((number for number in LOOKS if number >= planned), default=max(LOOKS))]
