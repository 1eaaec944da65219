"""Where memory ends, for one contender: which size of one axis to try next, and what is known. Pure, fed with outcomes.

The axis is that of the batch. Whoever searches knows the sizes of the others, and makes operating points of both.

Sizes are doubled in one worker while they fit, and multiplied by four where a line through the memory of the largest
three allows it. That line chooses the next one about where it meets the cap, and from there on every size has a fresh
worker, whose memory no earlier size has filled; the prediction chooses, and is never the result. A failure brackets the
boundary, which is narrowed to 1/64 of its size: where the line was right, the next size in the direction of the other
answer does so. What a worker said that had run other sizes before is said again by a fresh one: an arena that earlier
sizes filled is not the framework's limit.
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
"""Where the line meets the cap, less half of the resolution: with the next size up, or down, the boundary is known."""
BEYOND = 1 + 1 / 128
"""The same, plus half of the resolution."""
SMALL = 128
"""Up to here sizes are doubled while the line allows it: they take no time, and bend the line to what it becomes."""
FITTED = 3
"""Sizes through which the line goes; never batch 1, whose memory is mostly the framework's own."""
GUESSES = 4
"""How often the line may choose on the way up, and again between; a staircase would otherwise be climbed in steps
of a few per cent."""
STEPS_BELOW = 2
"""How often a size just below one that failed is tried, where the line is straight: a failure takes a third of the time
of three runs, so the boundary is approached from above."""
STRAIGHT = 0.75
"""A line is straight when its slope changes by no more than to this share."""
MOST_ATTEMPTS = 64
"""More are not made: what contradicts itself for so long has no boundary."""


class Attempt(NamedTuple):
    """What to try."""

    size: int
    """Of the batch."""
    fresh: bool
    """Whether the worker must not have run anything before."""


class BoundarySearch:
    """The search for the largest batch size that fits."""

    def __init__(self, cap: int | None, *, largest: int = LARGEST, first: int = 1, beyond: str = "") -> None:
        """Nothing is known yet.

        Args:
            cap: the bytes at which memory ends, in the kind of the figures that are fed; None where that is not known,
                and doubling and halving must do.
            largest: the largest size to try.
            first: the size to begin with.
            beyond: what sentences call a larger size; `batch above` that size by default.
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
            # A failure is quickly repeated, and a worker that others had filled is often wrong.
            return Attempt(high, fresh=True)
        if not self._bracketed(low, high):
            return Attempt(self._between(low, high), fresh=True)
        return Attempt(low, fresh=True) if low and not self._fits[low] else None

    def feed(self, size: int, outcome: AnyOutcome, memory: int | None = None, *, fresh: bool) -> None:
        """Record how a size ended.

        Args:
            size: of the batch.
            outcome: how it ended; all but `Measured` are failures.
            memory: peak bytes, where they are known.
            fresh: whether the worker had run nothing before. What a fresh worker said stands.
        """
        self._attempts += 1
        self._proposed = None
        if not fresh and (self._fits.get(size) or self._fails.get(size)):
            return
        here, there = (self._fits, self._fails) if isinstance(outcome, Measured) else (self._fails, self._fits)
        # What earlier sizes leave in a worker matters here: from now on every attempt has a fresh one.
        if fresh and size in there and not self._distrust:
            self._distrust = True
            self._guesses.clear()
        here[size] = fresh
        there.pop(size, None)
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
        """The largest size that ran below the smallest one that failed."""
        high = self.smallest_failing
        return max((size for size in self._fits if high is None or size < high), default=None)

    @property
    def verified(self) -> bool:
        """Whether fresh workers have said both: that the largest runs, and that the smallest fails."""
        low, high = self.largest_fitting, self.smallest_failing
        if high is None or not self._bracketed(low or 0, high):
            return False
        return self._fails[high] and (low is None or self._fits[low])

    @property
    def outcomes(self) -> Mapping[int, AnyOutcome]:
        """What is known of each size that was tried."""
        return self._outcomes

    @staticmethod
    def _resolution(size: int) -> int:
        """Return the distance to a size beyond which the boundary is known to lie, when this one runs."""
        return max(1, size // RESOLUTION)

    def _bracketed(self, low: int, high: int) -> bool:
        return high - low <= self._resolution(low)

    def _upwards(self, low: int) -> Attempt:
        predicted = self._predicted()
        if predicted is None:
            return Attempt(min(2 * low or self._first, self._limit), fresh=self._distrust)
        # A line through what a fresh worker said is good enough to aim beyond it, where failing is the quicker answer.
        near = min(int((BEYOND if self._fits.get(low) else NEAR) * predicted), self._limit)
        for factor in (4, 2) if low < SMALL else (4,):
            if near >= factor * low:
                return Attempt(factor * low, fresh=self._distrust)
        if near - low > 2 * self._resolution(low) and self._guesses["up"] < GUESSES:
            self._guesses["up"] += 1
            return Attempt(near, fresh=True)
        # The line ends here, or was wrong, and probably not by much: steps that double.
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
            # One of the two sizes that may end the search, where they are as good a guess.
            return next((size for size in (below, low + least) if abs(near - size) <= least), near)
        if near > below > low and self._guesses["below"] < STEPS_BELOW and self._is_straight():
            self._guesses["below"] += 1
            return below
        return (low + high) // 2

    def _just_below(self, high: int) -> int:
        """Return the smallest size that, when it runs, has the boundary between itself and a size that failed."""
        size = min(high - 1, -(-high * RESOLUTION // (RESOLUTION + 1)))
        while not self._bracketed(size, high):
            size += 1
        return size

    def _is_straight(self) -> bool:
        """Return whether memory grows by about as much for each sample between the largest sizes that ran."""
        known = sorted(size for size in self._memory if size > 1 and self._fits.get(size) is not None)[-FITTED:]
        slopes = [(self._memory[b] - self._memory[a]) / (b - a) for a, b in itertools.pairwise(known)]
        return len(slopes) == FITTED - 1 and min(slopes) >= STRAIGHT * max(slopes)

    def _predicted(self) -> float | None:
        """Return the size at which a line through the memory of some sizes meets the cap; None where there is no such line."""
        if self._cap is None:
            return None
        high = self.smallest_failing
        known = sorted(size for size in self._memory if size > 1 and (high is None or size < high))
        fresh = [size for size in known if self._fits.get(size)]
        if fresh and fresh[-1] > known[0] and (self._distrust or fresh[-1] == known[-1]):
            # What used workers hold misleads: the smallest size, and the largest that a fresh one ran.
            known = [known[0], fresh[-1]]
        elif len(known) < FITTED:
            return None
        else:
            known = known[-FITTED:]
        line = linear_regression(known, [self._memory[size] for size in known])
        return (self._cap - line.intercept) / line.slope if line.slope > 0 else None
