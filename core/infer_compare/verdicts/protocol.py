"""The thresholds of the measuring protocol; this module imports nothing heavy.

They come from measurements on idle and on loaded hosts; `infer-compare selftest` checks them on other hosts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from infer_compare.limits import SMALLEST_MARGIN

if TYPE_CHECKING:
    from infer_compare.request.options import Mode
    from infer_compare.results import Header

CONFIDENCE = 0.95
"""Of all reported intervals."""
BOUND_PERCENTILES = (90.0, 95.0, 99.0)
"""Percentiles for which a report shows the smallest latency bound that each point keeps, besides that of the run."""
MARGIN = SMALLEST_MARGIN
"""Relative difference below which two contenders count as the same."""

# The gate, which rejects slices by cause and never by their latency.
GATE_WAIT_SHARE = 0.10
"""A slice is rejected above this `wf = min(run_delay, foreign) / (run_delay + own_cpu)`."""
GATE_STEAL_SHARE = 0.05
"""A slice is rejected above this share of the machine's time stolen by the hypervisor."""
GATE_CORE_SLOWDOWN = 1.2
"""A slice is rejected above this multiple of the usual time of a fixed computation on its core, while there is time to repeat it."""
GATE_SLOWED_SHARE = 0.01
"""A slice on a GPU is rejected if heat or a fault reduced the clocks for more than this share of it."""
GATE_BLIND_SHARE = 0.10
"""Without schedstat, a slice is rejected above this `foreign / (wall x cores) + threads / cores - 1`."""
GATE_BLIND_NS = 200_000_000
"""The shortest time over which clock ticks can measure that."""
BUDGET_EXCESS = 0.10
"""Excess of processor time over the thread budget, relative to it, above which a contender has exceeded the budget."""
RETRY_FACTOR = 2
"""Rejected rounds are retried up to this multiple of the rounds wanted."""
NOISY_REJECTED_SHARE = 0.25
"""Above this share of rejected slices, reports advise a quieter machine."""

NOISY_SCATTER = 0.015
"""Above this standard deviation of restart means, reports name their variation as the reason for a missing verdict."""
WIDE_ALLOWANCE = 0.5
"""If the allowance for contention exceeds this share of the margin, reports name it too, and advise a quieter machine."""

# Slices.
LONG_SLICE_NS: dict[Mode, int] = {"quick": 300_000_000, "default": 500_000_000, "thorough": 1_000_000_000}
"""If eight calls take longer, a slice has only the calls that fill this time: slices differ more than calls within a slice."""

LONG_SLICE_CALLS = 2
"""The fewest calls of a slice with long calls."""
SETTINGS_SLICE_NS = 150_000_000
SETTINGS_SLICE_CALLS = 1
"""The same two limits for a quick run over several settings of the other axes, which has more points to measure."""

# Restarts and looks.
RESTARTS: dict[Mode, int] = {"quick": 3, "default": 4, "thorough": 8}
ROUNDS_PER_RESTART: dict[Mode, int] = {"quick": 2, "default": 4, "thorough": 4}
SAME_RESTARTS = 3
"""The number of restarts from which SAME can be a verdict, and differences of any size above the margin."""
ORDINARY_RESTARTS = 4
"""The number of restarts from which rounds with unknown variance can settle a verdict without a guard."""

# How much error a look may spend: the share of runs in which it calls two equal contenders different at any point.
FAMILY_ERROR = 0.01
"""Error of all looks at the points of a pair of contenders together, and of the headline verdicts together."""
LOOKS: dict[int, dict[int, float]] = {
    RESTARTS["quick"]: {2: 0.002, 3: 0.010},
    RESTARTS["default"]: {2: 0.001, 3: 0.003, 4: 0.006},
    RESTARTS["thorough"]: {2: 0.001, 3: 0.002, 4: 0.003, 8: 0.004},
}
"""By the number of planned restarts: the error that the look after each number of restarts spends. With three planned restarts,
the third look spends as if it were the first; in simulations, the error nevertheless stays within 1 %."""
ONE_ROUND_ERROR = 0.003
"""The most that a look may spend if restarts have a single round each, which leaves the variance between rounds unknown."""
GUARD = 1.15
"""After two restarts every clean round must show a ratio above this, in the same direction."""
EARLY_ROUNDS = 2
"""The fewest clean rounds of each restart at the look after two restarts."""

# The prior of the variance between restarts, which two or three restarts alone cannot estimate.
PRIOR_DEVIATION = 0.015
"""Prior standard deviation of the mean log-ratio of a restart."""
PRIOR_DF = 1.0
"""Degrees of freedom of the prior."""
PRIOR_ROUNDS = 2.0
"""The prior variance is at least this multiple of the variance that the scatter of rounds explains."""
OWN_WEIGHT = 4.0
"""The most degrees of freedom of the common variance when it is combined with a point's own, larger variance."""
ODD_POINT = 6.0
"""A point is not pooled if its variance exceeds this multiple of both the mean of the others and the prior. If the mean over all
points exceeds this multiple of the prior, the prior does not count."""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """The conditions under which a guard settles a direction after few restarts, independently of the t test."""

    confidence: float
    """The interval of this confidence must be beyond the margin."""
    guard: float
    """Every clean round must show a ratio above this, in the same direction."""
    rounds: int
    """The fewest clean rounds in each restart."""


EARLY_LOOKS: dict[int, Look] = {
    2: Look(confidence=0.90, guard=1.5, rounds=EARLY_ROUNDS),
    3: Look(confidence=0.95, guard=1.25, rounds=1),
}
"""By the number of restarts with clean rounds. These looks detect large differences at noisy points."""
EARLY_LOOK_ERROR = 0.002
"""The most false positives of the guarded looks in simulations with normal, heavy-tailed and bimodal noise and with slow
processes. It serves as their p-value among the headline verdicts."""
STALLED_SHRINKAGE = 0.05
"""If a restart shrinks an interval by less than this share, the interval counts as no longer shrinking."""

# Figures.
MEDIAN_CALLS = 4
"""A slice with at least this many stamps is represented by their median, otherwise by their mean."""
P99_CALLS = 473
"""The fewest calls for which p99 is reported: with fewer, 95 % confidence does not allow even one call beyond it."""
UNRESOLVED_HALF_WIDTH = 0.20
"""Above this relative half-width only the direction of a difference is reported, not its size."""
SPREAD_RESTARTS = 3
"""The fewest restarts whose means determine the spread of a throughput."""
DRIFT = 0.05
"""Relative change of the latency over the measurement above which a point is flagged."""
DRIFT_SLICES = 8
"""The fewest slices that can show a trend."""
BALANCE = 0.8
"""Calls of the slowest instance as a share of those of the fastest, below which a point is flagged."""
PAGE_FAULT_SYSTEM_SHARE = 0.10
"""Share of processor time spent in the kernel above which a point with page faults in its calls is page-fault bound."""

LAUNCH_BOUND_SHARE = 0.9
"""Share of the pipelined period from which enqueuing limits the throughput."""
PEAK_EXCESS = 4.0
"""A speed beyond this multiple of the machine's fastest matrix product is implausible."""

SUSTAINED_S = 60.0
"""How long `--thorough` runs each contender's best size on an accelerator, whose clocks fall as it gets warm."""
SUSTAINED_DIFFERENCE = 0.03
"""If the sustained throughput differs by more than this, it replaces that of the short slices."""
POWER_CAPPED_SHARE = 0.05
"""Share of the slices' time in which the power limit reduced a GPU's clocks, above which a point is flagged."""

# Memory.
GROWTH_SLICES = 4
"""The fewest slices that can distinguish growth with every call from one-time allocations."""
GROWTH_SHARE = 0.75
"""Share of the slices that must have increased the worker's memory."""
GROWTH_BYTES = 256 * 1024
"""Mean growth per slice up to which it counts as noise of an allocator."""
STAMP_BYTES = 128
"""The most memory that the harness itself uses for each duration of a slice: readings and durations as Python integers."""

# New shapes.
NEW_SHAPE_NS = 100_000_000
NEW_SHAPE_CALLS = 10
"""Reports mention the cost of new batch sizes from 100 ms and ten steady calls on, at the median over the sizes."""

# Best batch.
CONFIRMED_SIZES: dict[Mode, int] = {"quick": 2, "default": 3, "thorough": 3}
"""The highest-ranked sizes that fresh rounds confirm."""
TIE_SHARE = 0.5
"""A smaller size is recommended if its estimate is at most this share of the margin behind the fastest; with noise, the actual
loss then stays below the margin."""


class LongSlice(NamedTuple):
    """The length of slices whose calls are long."""

    ns: int
    """Nanoseconds. If eight calls take longer, a slice has only the calls that fill this time."""
    calls: int = LONG_SLICE_CALLS
    """The fewest calls of a slice."""


USUAL_LONG_SLICE = LongSlice(LONG_SLICE_NS["default"])


def long_slice(mode: Mode, *, bounded: bool, settings: int = 1) -> LongSlice:
    """Return the length of slices whose calls are long.

    Args:
        mode: of the run.
        bounded: whether there is a latency bound, which takes many calls to be shown to hold.
        settings: how many settings of the other axes are measured.
    """
    if mode == "quick" and not bounded and settings > 1:
        return LongSlice(SETTINGS_SLICE_NS, SETTINGS_SLICE_CALLS)
    return LongSlice(LONG_SLICE_NS["thorough" if bounded else mode])


def planned_restarts(header: Header) -> int:
    """Return the number of restarts over which the looks spread the error: the planned ones, or the most if there is a budget."""
    return header.plan.restarts if header.options.budget is None else max(RESTARTS.values())


def last_look(planned: int) -> int:
    """Return the number of restarts after which the last look is taken, given the planned restarts."""
    return max(_looks(planned))


def error_of_look(restarts: int, planned: int, *, last: bool) -> float:
    """Return the error that the look after some restarts may spend; 0 without a look. The last look has what the others left.

    Args:
        restarts: number of restarts with clean rounds.
        planned: restarts of the run.
        last: whether no restart will follow.
    """
    looks = _looks(planned)
    error = looks.get(restarts, 0.0)
    if last and restarts >= SAME_RESTARTS:
        before = sum(spent for look, spent in looks.items() if look < restarts)
        # Rounded, as sums of thousandths are not exact.
        error = max(error, round(FAMILY_ERROR - before, 6))
    return error


def _looks(planned: int) -> dict[int, float]:
    return LOOKS[min((number for number in LOOKS if number >= planned), default=max(LOOKS))]
