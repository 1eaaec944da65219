"""The search for the largest size of one axis that fits into memory, for one contender: a pure state machine.

The axis is usually the batch. The caller knows the sizes of the other axes, and combines both into operating points.

Sizes are doubled in one worker while they fit, and multiplied by four if a line through the memory of the largest three
allows it. The search then jumps to about where that line meets the cap. From there on every size gets a fresh worker,
whose memory no earlier size has filled. The line only chooses sizes to try; the result is always a size that ran. A
failure brackets the boundary, and the bracket is narrowed to 1/64 of its size; if the line was right, one more size
suffices. Finally, outcomes of a worker that had run other sizes are repeated in a fresh one: an arena that earlier sizes
filled is not the framework's limit.
"""

from __future__ import annotations

import itertools
from collections import Counter
from statistics import linear_regression
from typing import TYPE_CHECKING, NamedTuple

from infer_compare.results import AnyOutcome, Measured

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST = 1 << 22
"""Larger batches than this are not tried."""
RESOLUTION = 64
"""The boundary is known when the sizes on its two sides differ by this part of the smaller one, or by one."""
NEAR = 1 - 1 / 128
"""Factor just below the size at which the line meets the cap: half of the resolution less, so one more size settles it."""
BEYOND = 1 + 1 / 128
"""The same, half of the resolution more."""
SMALL = 128
"""Up to this size, sizes are doubled while the line allows it: they are quick, and improve the line."""
FITTED = 3
"""Number of sizes through which the line is fitted; never batch 1, whose memory is mostly the framework's own."""
GUESSES = 4
"""How often the line may choose a size on the way up, and again within the bracket; memory that grows in steps would
otherwise be approached in steps of a few per cent."""
STEPS_BELOW = 2
"""How often a size just below a failed one is tried while the line is straight: a failure is three times as quick as a
success, so the boundary is approached from above."""
STRAIGHT = 0.75
"""A line counts as straight if its smallest slope is at least this share of its largest."""
MOST_ATTEMPTS = 64
"""Limit for contenders whose outcomes contradict each other."""


class Attempt(NamedTuple):
    """A size to try next."""

    size: int
    fresh: bool
    """Whether the worker must not have run anything before."""


class BoundarySearch:
    """The search for the largest size that fits."""

    def __init__(self, cap: int | None, *, largest: int = LARGEST, first: int = 1, beyond: str = "") -> None:
        """Begins with nothing known.

        Args:
            cap: the limit of memory in bytes, of the same kind as the figures that are fed; None if it is not known, when
                sizes are only doubled and halved.
            largest: the largest size to try.
            first: the size to begin with.
            beyond: how messages name a larger size; by default `batch above` the largest.
        """
        self._cap = cap
        self._limit = largest
        self._first = first
        self._beyond = beyond or f"batch above {largest}"
        self._fits: dict[int, bool] = {}
        self._fails: dict[int, bool] = {}
        self._outcomes: dict[int, AnyOutcome] = {}
        self._memory: dict[int, int] = {}
        self._guesses: Counter[str] = Counter()
        self._attempts = 0
        self._distrust = False
        self._proposed: Attempt | None = None
        self.reason = ""
        """Why there is no failing size, or why the search ended early."""

    def next(self) -> Attempt | None:
        """Return the next size to try, or None when the boundary is known or the search has ended."""
        if self.reason:
            return None
        if self._proposed is None:
            self._proposed = self._choose()
        return self._proposed

    def _choose(self) -> Attempt | None:
        if self._attempts >= MOST_ATTEMPTS:
            self.reason = f"the boundary was not found in {MOST_ATTEMPTS} attempts"
            return None
        low, high = self.largest_fitting or 0, self.smallest_failing
        if high is None:
            if low < self._limit:
                return self._upwards(low)
            if not self._fits[low]:
                return Attempt(low, fresh=True)
            self.reason = f"no {self._beyond} was tried"
            return None
        if not self._fails[high]:
            # A failure is quickly repeated, and one of a used worker is often due to earlier sizes.
            return Attempt(high, fresh=True)
        if not self._bracketed(low, high):
            return Attempt(self._between(low, high), fresh=True)
        return Attempt(low, fresh=True) if low and not self._fits[low] else None

    def feed(self, size: int, outcome: AnyOutcome, memory: int | None = None, *, fresh: bool) -> None:
        """Record how a size ended.

        Args:
            size: the size that was tried.
            outcome: how it ended; all but `Measured` are failures.
            memory: peak bytes, if they are known.
            fresh: whether the worker had run nothing before. The outcome of a fresh worker is final.
        """
        self._attempts += 1
        self._proposed = None
        if not fresh and (self._fits.get(size) or self._fails.get(size)):
            return
        same, opposite = (self._fits, self._fails) if isinstance(outcome, Measured) else (self._fails, self._fits)
        # A fresh worker contradicts a used one, so earlier sizes matter: from now on every attempt gets a fresh worker.
        if fresh and size in opposite and not self._distrust:
            self._distrust = True
            self._guesses.clear()
        same[size] = fresh
        opposite.pop(size, None)
        self._outcomes[size] = outcome
        if isinstance(outcome, Measured) and memory is not None:
            self._memory[size] = memory

    def end(self, reason: str) -> None:
        """End the search before the boundary is known."""
        self.reason = reason

    @property
    def smallest_failing(self) -> int | None:
        """The smallest size that failed."""
        return min(self._fails, default=None)

    @property
    def largest_fitting(self) -> int | None:
        """The largest size that ran, of those below the smallest that failed."""
        high = self.smallest_failing
        return max((size for size in self._fits if high is None or size < high), default=None)

    @property
    def verified(self) -> bool:
        """Whether the boundary is known, and fresh workers confirmed the sizes on both sides of it."""
        low, high = self.largest_fitting, self.smallest_failing
        if high is None or not self._bracketed(low or 0, high):
            return False
        return self._fails[high] and (low is None or self._fits[low])

    @property
    def outcomes(self) -> Mapping[int, AnyOutcome]:
        """The latest outcome of each size that was tried."""
        return self._outcomes

    @staticmethod
    def _resolution(size: int) -> int:
        """Return the largest width of a bracket above a size at which the boundary counts as known."""
        return max(1, size // RESOLUTION)

    def _bracketed(self, low: int, high: int) -> bool:
        return high - low <= self._resolution(low)

    def _upwards(self, low: int) -> Attempt:
        predicted = self._predicted()
        if predicted is None:
            return Attempt(min(2 * low or self._first, self._limit), fresh=self._distrust)
        # A line through the figures of a fresh worker is good enough to aim beyond it, where the quicker failure is likely.
        near = min(int((BEYOND if self._fits.get(low) else NEAR) * predicted), self._limit)
        for factor in (4, 2) if low < SMALL else (4,):
            if near >= factor * low:
                return Attempt(factor * low, fresh=self._distrust)
        if near - low > 2 * self._resolution(low) and self._guesses["up"] < GUESSES:
            self._guesses["up"] += 1
            return Attempt(near, fresh=True)
        # The boundary should be here; if the line was wrong, it was probably not by much. Go on in doubling steps.
        step = self._resolution(low) << self._guesses["beyond"]
        self._guesses["beyond"] += 1
        return Attempt(min(2 * low, low + step, self._limit), fresh=True)

    def _between(self, low: int, high: int) -> int:
        least = self._resolution(low)
        predicted = self._predicted()
        if predicted is None:
            return (low + high) // 2
        near, below = int(NEAR * predicted), self._just_below(high)
        if low + least <= near <= high - least and self._guesses["between"] < GUESSES:
            self._guesses["between"] += 1
            # Prefer a size that can end the search if it is close enough.
            return next((size for size in (below, low + least) if abs(near - size) <= least), near)
        if near > below > low and self._guesses["below"] < STEPS_BELOW and self._is_straight():
            self._guesses["below"] += 1
            return below
        return (low + high) // 2

    def _just_below(self, high: int) -> int:
        """Return the smallest size that settles the boundary below a failed size if it runs."""
        size = min(high - 1, -(-high * RESOLUTION // (RESOLUTION + 1)))
        while not self._bracketed(size, high):
            size += 1
        return size

    def _is_straight(self) -> bool:
        """Return whether memory per sample grows at a nearly constant rate between the largest sizes that ran."""
        known = sorted(size for size in self._memory if size > 1 and self._fits.get(size) is not None)[-FITTED:]
        slopes = [(self._memory[b] - self._memory[a]) / (b - a) for a, b in itertools.pairwise(known)]
        return len(slopes) == FITTED - 1 and min(slopes) >= STRAIGHT * max(slopes)

    def _predicted(self) -> float | None:
        """Return the size at which a line through known memory figures meets the cap; None if there is no such line."""
        if self._cap is None:
            return None
        high = self.smallest_failing
        known = sorted(size for size in self._memory if size > 1 and (high is None or size < high))
        fresh = [size for size in known if self._fits.get(size)]
        if fresh and fresh[-1] > known[0] and (self._distrust or fresh[-1] == known[-1]):
            # The memory of used workers is misleading: use the smallest size and the largest of a fresh worker.
            known = [known[0], fresh[-1]]
        elif len(known) < FITTED:
            return None
        else:
            known = known[-FITTED:]
        line = linear_regression(known, [self._memory[size] for size in known])
        return (self._cap - line.intercept) / line.slope if line.slope > 0 else None
