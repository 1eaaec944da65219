"""The choice of the next batch size to try, for one contender: a pure state machine.

Sizes ascend. A batch that exceeds memory, a limit or a deadline ends the curve, since larger batches need more of each.
A crash or an error only costs its size, but two in a row end the curve.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.interfaces import OperatingPoint
from infer_compare.results import AnyOutcome, Measured, Skipped
from infer_compare.verdicts.outcome_kinds import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from infer_compare.request.axes import Setting
    from infer_compare.request.options import Mode

PLATEAU_GAIN = 0.05
"""The plateau is reached when two sizes in a row gain less than this over the best of the smaller ones.

The best counts because the rough figures of exploring fluctuate on a busy machine. If latency is a fixed cost plus a cost
per sample, all larger sizes together gain hardly more than the last size did, and that is half of what the size before it
gained: less than the margin is left."""
LARGEST_AUTO = 4096
SLOWEST_AUTO_NS = 500_000_000
"""`auto` tries no batch that takes longer: its rounds would take too much of the run's time."""
SLOW_NS: dict[Mode, int] = {"quick": 10_000_000, "default": 40_000_000, "thorough": SLOWEST_AUTO_NS}
"""Batches that take longer are slow: SLOW_LOSS and MANY_SIZES end their curve, once it has enough sizes."""
ENOUGH_SIZES = 4
"""Number of sizes that make a curve."""
FEW_SIZES = 3
"""Number of sizes that can show a plateau if batches are slow."""
SLOW_LOSS = 0.1
"""A slow size whose throughput is lower than the best by this share ends the curve by itself. Smaller losses may come
from a machine that changed its speed between two sizes."""
MANY_SIZES: dict[Mode, int] = {"quick": 6, "default": 10, "thorough": 13}
"""A curve with this many sizes gets no further slow batch."""


class Exploration:
    """The operating points of one contender to try: those given, or powers of two until throughput no longer rises.

    They differ in their batch size alone.
    """

    def __init__(
        self,
        points: Sequence[OperatingPoint] | None,
        *,
        bound_ns: int | None = None,
        mode: Mode = "default",
        largest: int | None = None,
        setting: Setting = (),
    ) -> None:
        """Begins with nothing tried.

        Args:
            points: ascending, or None for `auto`.
            bound_ns: a latency bound. `auto` continues beyond the plateau while batches keep it, to find the largest.
            mode: determines how much time batches may take.
            largest: the largest batch size that `auto` tries, such as the length of a data set.
            setting: sizes of the other axes, the same for all points.
        """
        self._smallest = OperatingPoint(1, setting)
        self._largest = min(largest or LARGEST_AUTO, LARGEST_AUTO)
        self._given = tuple(points) if points is not None else None
        self._bound_ns = bound_ns
        self._mode = mode
        self._outcomes: dict[OperatingPoint, AnyOutcome] = {}
        self._ended: str | None = None
        self._bad_in_a_row = 0
        self._extra: tuple[OperatingPoint, ...] | None = None

    def next(self) -> OperatingPoint | None:
        """Return the next operating point to try, or None when the curve is known."""
        if self._ended is not None:
            return None
        if self._extra is not None:
            point = self._first_untried(self._extra)
            return point if point is not None and self._affordable(point) else None
        if self._given is not None:
            return self._first_untried(self._given)
        if not self._outcomes:
            return self._smallest
        largest = max(self._outcomes)
        doubled = largest.with_batch(2 * largest.batch)
        return None if doubled.batch > self._largest or self._plateau() else doubled

    def _first_untried(self, points: Iterable[OperatingPoint]) -> OperatingPoint | None:
        return next((point for point in points if point not in self._outcomes), None)

    def feed(self, point: OperatingPoint, outcome: AnyOutcome) -> None:
        """Record how a point ended."""
        self._outcomes[point] = outcome
        kind = kind_of(outcome)
        self._bad_in_a_row = self._bad_in_a_row + 1 if kind.ends_after else 0
        if kind.ends_after and self._bad_in_a_row >= kind.ends_after:
            self._ended = f"{point} {kind.because}"

    def end(self, reason: str) -> None:
        """End the curve for a reason from outside."""
        self._ended = reason

    @property
    def ended_at(self) -> OperatingPoint | None:
        """The smallest point that exceeded memory, a limit or a deadline, which larger ones exceed too; None without one."""
        ending = (point for point, outcome in self._outcomes.items() if kind_of(outcome).ends_after == 1)
        return min(ending, default=None)

    @property
    def skipped(self) -> tuple[tuple[OperatingPoint, Skipped], ...]:
        """Requested points that are not tried, each with the reason."""
        if self._given is None or self._ended is None:
            return ()
        return tuple(
            (point, Skipped(reason=f"not tried, since {self._ended}"))
            for point in self._given
            if point not in self._outcomes
        )

    def complete(self, points: Iterable[OperatingPoint]) -> None:
        """End the search for the plateau and try further points, but none beyond the end of the curve.

        Args:
            points: for example those of other contenders, or sizes between powers of two.
        """
        largest = max(self.runnable, default=None)
        self._extra = tuple(
            point for point in sorted(set(points)) if self._ended is None or (largest is not None and point < largest)
        )
        self._ended = None
        self._bad_in_a_row = 0

    @property
    def latencies_ns(self) -> dict[OperatingPoint, float]:
        """Rough latency of the points that ran."""
        return {point: float(outcome.latency_ns) for point, outcome in self._measured.items()}

    @property
    def runnable(self) -> tuple[OperatingPoint, ...]:
        """The points that ran, ascending."""
        return tuple(sorted(self._measured))

    @property
    def _measured(self) -> Mapping[OperatingPoint, Measured]:
        return {point: outcome for point, outcome in self._outcomes.items() if isinstance(outcome, Measured)}

    def _affordable(self, point: OperatingPoint) -> bool:
        """Return whether a further point is fast enough to be tried."""
        latencies = self.latencies_ns
        if not latencies:
            return False
        largest = max(latencies)
        if point < largest:
            return True
        # With a latency bound, the first size that exceeds it is needed.
        most_ns = max(SLOW_NS[self._mode], 2 * (self._bound_ns or 0))
        if len(latencies) < ENOUGH_SIZES:
            most_ns = SLOWEST_AUTO_NS
        return point.batch / largest.batch * latencies[largest] <= min(most_ns, SLOWEST_AUTO_NS)

    def _plateau(self) -> bool:
        """Return whether to try no larger size: the last sizes gained too little, or the next would take too long."""
        measured = sorted(self._measured.items())
        if not measured:
            return False
        last_ns = measured[-1][1].latency_ns
        if 2 * last_ns > SLOWEST_AUTO_NS:
            return True
        if self._bound_ns is not None and last_ns <= self._bound_ns:
            return False
        rates = [point.batch / outcome.latency_ns for point, outcome in measured]
        slow = 2 * last_ns > SLOW_NS[self._mode]
        if len(rates) < (FEW_SIZES if slow else ENOUGH_SIZES):
            return False
        if slow and len(rates) >= ENOUGH_SIZES:
            falls = rates[-1] < (1 - SLOW_LOSS) * max(rates[:-1])
            if falls or len(rates) >= MANY_SIZES[self._mode]:
                return True
        enough = (1 + PLATEAU_GAIN) * max(rates[:-2])
        return rates[-2] < enough and rates[-1] < enough
