"""Estimates of how long measuring takes, from the durations seen while exploring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infer_compare.planner.points import by_setting
from infer_compare.results import Measured
from infer_compare.verdicts.protocol import (
    CONFIRMED_SIZES,
    ROUNDS_PER_RESTART,
    USUAL_LONG_SLICE,
    LongSlice,
    long_slice,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.planner.points import Points
    from infer_compare.request.options import Mode
    from infer_compare.results import Run

SLICE_S = 0.06
SLICE_CALLS = 8
DROPPED_CALLS = 3
LASTING_S = 0.03
"""None of the calls of a slice is dropped if they take at least this long."""
SETTLE_S = 0.01
"""Time for which calls are dropped at the start of a slice, if `DROPPED_CALLS` take longer."""
ASYNCHRONOUS_S = 3.1
"""The three slices of a turn on an asynchronous device: two of a second after half a second each, and a short one."""
SWITCH_S = 0.003
"""Staging, reading counters and talking to the worker, per slice."""
AGREEING_S = 0.015
"""Synchronizing the start of a contender's instances."""
WARM_UP_S = 0.14
"""Three calls and 100 ms, and then two windows of 20 ms."""
WARM_UP_CALLS = 8
SLOW_S = 0.02
"""Slower calls are warm after the first call and two that agree, and after 100 ms."""
SLOW_WARM_UP_CALLS = 2
END_S = 0.1
"""Ending a worker politely."""

BUDGET_PLANS: tuple[tuple[int, int], ...] = ((8, 4), (4, 4), (4, 2), (3, 2), (2, 2), (2, 1))
"""Pairs of restarts and rounds per restart, the best plan first: fresh processes are worth more than further rounds."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """The expected durations of the parts of measuring."""

    start_s: Mapping[str, float]
    """Starting the worker of each contender."""
    latency_ns: Mapping[tuple[str, OperatingPoint], int]
    first_call_ns: Mapping[tuple[str, OperatingPoint], int]
    asynchronous: frozenset[str] = frozenset()
    """Contenders on an asynchronous device."""
    together: frozenset[str] = frozenset()
    """Contenders of several instances."""
    passes: bool = False
    """Whether an iteration is a pass over a data set; a slice may then be a single iteration."""
    long: LongSlice = USUAL_LONG_SLICE
    """Length of slices whose calls are long."""
    confirms: bool = True
    """Whether the best sizes are measured again."""

    @classmethod
    def of(cls, run: Run) -> Expectation:
        """Return the expectation that follows from the records of exploring."""
        measured = {key: outcome for key, outcome in run.explored.items() if isinstance(outcome, Measured)}
        header, options = run.header, run.header.options
        starts: dict[str, float] = {}
        for start in run.starts:
            # The first start, from exploring, so that a resumed run expects the same.
            total_ns = start.spawn_ns + start.import_ns + start.load_ns + start.to_device_ns
            starts.setdefault(start.contender, total_ns / 1e9 + END_S)
        return cls(
            start_s=starts,
            latency_ns={key: outcome.latency_ns * header.calls(key[1]) for key, outcome in measured.items()},
            first_call_ns={key: outcome.prepare_ns + outcome.first_call_ns for key, outcome in measured.items()},
            asynchronous=frozenset(start.contender for start in run.starts if start.asynchronous),
            together=frozenset(spec.label for spec in header.contenders if spec.instances > 1),
            passes=options.scope == "dataset",
            long=long_slice(options.mode, bounded=options.latency_bound is not None, settings=len(options.settings)),
        )

    def slice_s(self, label: str, point: OperatingPoint) -> float:
        """Return the seconds that one turn of a contender takes."""
        return self._timed_s(label, point) + (AGREEING_S if label in self.together else 0.0)

    def _timed_s(self, label: str, point: OperatingPoint) -> float:
        if self.passes:
            return max(SLICE_S, self.latency_ns.get((label, point), 0) / 1e9) + SWITCH_S
        if label in self.asynchronous:
            return ASYNCHRONOUS_S
        latency = self.latency_ns.get((label, point), 0) / 1e9
        long_s = self.long.ns / 1e9
        dropped_s = 0.0 if latency >= LASTING_S else min(DROPPED_CALLS * latency, SETTLE_S + latency)
        if SLICE_CALLS * latency > long_s:
            return max(long_s, self.long.calls * latency) + dropped_s + SWITCH_S
        return max(SLICE_S, SLICE_CALLS * latency) + dropped_s + SWITCH_S

    def warm_up_s(self, label: str, point: OperatingPoint) -> float:
        """Return the seconds of warming up, until the steady state."""
        latency = 0.0 if self.passes else self.latency_ns.get((label, point), 0) / 1e9
        first = self.first_call_ns.get((label, point), 0) / 1e9
        return first + max(WARM_UP_S, (SLOW_WARM_UP_CALLS if latency > SLOW_S else WARM_UP_CALLS) * latency)

    def round_s(self, labels: Iterable[str], point: OperatingPoint) -> float:
        """Return the seconds of one round: two turns of each contender."""
        return sum(2 * self.slice_s(label, point) for label in labels)

    def restart_s(self, points: Points, rounds: int) -> float:
        """Return the seconds of one restart: starting, warming up, and rounds over the operating points of each contender."""
        total = 0.0
        for label, sizes in points.items():
            if sizes:
                total += self.start_s.get(label, 0.0)
            for point in sizes:
                total += self.warm_up_s(label, point) + rounds * self.round_s((label,), point)
        return total

    def confirm_s(self, points: Points, mode: Mode) -> float:
        """Return the seconds of confirming the best sizes of each contender; the largest sizes serve as an upper bound.

        The result is 0 if no contender has several sizes, as there is nothing to choose.
        """
        if not self.confirms or all(len(sizes) < 2 for sizes in points.values()):
            return 0.0
        total, rounds = 0.0, ROUNDS_PER_RESTART[mode]
        for label, sizes in points.items():
            largest = [point for curve in by_setting(sizes) for point in curve[-CONFIRMED_SIZES[mode] :]]
            # Each size gets a separate worker.
            total += len(largest) * self.start_s.get(label, 0.0)
            total += sum(self.warm_up_s(label, point) + 2 * rounds * self.slice_s(label, point) for point in largest)
        return total

    def plan_s(self, points: Points, restarts: int, rounds: int, mode: Mode) -> float:
        """Return the seconds of a whole plan: restarts over all operating points, and confirming."""
        return restarts * self.restart_s(points, rounds) + self.confirm_s(points, mode)


def plan_for_budget(
    restart_s: Mapping[int, float],
    confirm_s: float,
    left_s: float,
    plans: Sequence[tuple[int, int]] = BUDGET_PLANS,
) -> tuple[int, int]:
    """Return the best pair of restarts and rounds that fits into the remaining time, or the last pair if none fits.

    Args:
        restart_s: seconds of a restart, by its number of rounds.
        confirm_s: seconds of confirming the best sizes.
        left_s: the remaining time in seconds.
        plans: pairs of restarts and rounds to choose from, the best first.
    """
    for restarts, rounds in plans:
        if restarts * restart_s[rounds] + confirm_s <= left_s:
            return restarts, rounds
    return plans[-1]
