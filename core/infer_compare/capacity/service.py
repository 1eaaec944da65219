"""Service times: how long a copy takes for a batch of each size, as quantiles of measured calls and random draws from them."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from math import fsum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SHORTER, LONGER = 0.97, 1.05
"""The factors between which the calls of a service may always lie, relative to measured calls."""
QUANTILES = 4096
"""Entries of a table: enough to distinguish one in a thousand calls from one in two thousand."""


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """The service times of a contender in one setting of the other axes."""

    contender: str
    copies: int
    """Copies that ran at the same time while it was measured."""
    measured: dict[int, Floats]
    """Quantiles in seconds by batch size, ascending, at the midpoints of as many equal parts."""
    served: bool = False
    """Whether they were measured over a pipe; otherwise in process."""
    pauses_s: tuple[float, ...] = ()
    """Idle times after which calls were measured as well, ascending."""
    paused: dict[int, tuple[Floats, ...]] = field(default_factory=dict)
    """Quantiles after each of `pauses_s`, by measured size."""
    stalls_per_s: float = 0.0
    """Interruptions per second of busy time."""
    stall_s: float = 0.0
    line: tuple[float, float] | None = None
    """Fixed seconds and seconds for each sample, where measured sizes lie on a line."""
    factor: float = 1.0
    """Factor of all durations."""
    shorter: float = SHORTER
    longer: float = LONGER
    """Factors by which calls may be shorter or longer than measured."""
    cautions: tuple[str, ...] = ()
    """Clauses on the limits of these times."""
    _tables: dict[int, list[float]] = field(default_factory=dict)
    _added: dict[int, list[list[float]]] = field(default_factory=dict)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The measured batch sizes, ascending."""
        return tuple(self.measured)

    def mean_s(self, size: int) -> float:
        """Return the mean time of a batch of a copy that is never idle, stalls included."""
        return self.factor * fsum(self.table(size)) / QUANTILES * (1 + self.stalls_per_s * self.stall_s)

    def added_means_s(self, size: int) -> list[float]:
        """Return the mean extra seconds of a batch after each of `pauses_s`, without stalls."""
        if not self.pauses_s:
            return []
        return [self.factor * fsum(added) / QUANTILES for added in self._added_of(size)]

    def percentile_s(self, size: int, percentile: float) -> float:
        """Return the time of a batch at a percentile, without stalls."""
        table = self.table(size)
        return self.factor * table[min(len(table) - 1, int(len(table) * percentile / 100))]

    def saturation(self, max_batch: int, copies: int) -> float:
        """Return the samples a second with a queue that is never empty, when all batches have the largest size."""
        return copies * max_batch / self.mean_s(max_batch)

    def table(self, size: int) -> list[float]:
        """Return the quantiles of the time for a batch of that size, before the factor.

        Raises:
            ValueError: it is larger than the largest measured size.
        """
        known = self._tables.get(size)
        if known is None:
            known = self._tables[size] = self._quantiles(size).tolist()
        return known

    def _quantiles(self, size: int) -> Floats:
        """Interpolate between two measured sizes: the line gives the centre, and both sizes the spread around it."""
        low, high, weight = _neighbours(self.sizes, size)
        if low == high:
            return self.measured[low]

        def centre(batch: float) -> float:
            if self.line is not None:
                return self.line[0] + self.line[1] * batch
            a, b = (float(self.measured[end].mean()) for end in (low, high))
            return a + (b - a) * (batch - low) / (high - low)

        relative = (1 - weight) * self.measured[low] / centre(low) + weight * self.measured[high] / centre(high)
        return centre(size) * relative

    def durations(
        self, draws: Sequence[int], stalls: Iterator[float], factor: float = 1.0
    ) -> Callable[[int, float], float]:
        """Return a function that draws the seconds for a batch of a size, after so many seconds of idling.

        Args:
            draws: for each batch, which quantile: below `QUANTILES`.
            stalls: exponential times of mean 1 between stalls, without end.
            factor: by which times are multiplied besides.
        """
        rank = iter(draws).__next__
        tables, table, extra_s, scale = self._tables, self.table, self._extra_s, self.factor * factor

        def drawn(size: int, idle: float) -> float:
            quantile = rank()
            seconds = (tables.get(size) or table(size))[quantile]
            if idle > 0 and pauses:
                seconds += extra_s(size, idle, quantile)
            return scale * seconds

        pauses = self.pauses_s
        if self.stalls_per_s > 0 and self.stall_s > 0:
            return _interrupted(drawn, self.stalls_per_s, self.stall_s, stalls)
        return drawn

    def _extra_s(self, size: int, idle: float, rank: int) -> float:
        """Return how much longer a call takes after so many seconds of idling: linear between the lengths that were measured, and
        beyond the longest as there.
        """
        added = self._added_of(size)
        after = bisect_left(self.pauses_s, idle)
        if after == len(self.pauses_s):
            return added[-1][rank]
        begin, before = (self.pauses_s[after - 1], added[after - 1][rank]) if after else (0.0, 0.0)
        return before + (added[after][rank] - before) * (idle - begin) / (self.pauses_s[after] - begin)

    def _added_of(self, size: int) -> list[list[float]]:
        known = self._added.get(size)
        if known is None:
            known = self._added[size] = self._added_quantiles(size)
        return known

    def _added_quantiles(self, size: int) -> list[list[float]]:
        sizes = tuple(self.paused)
        low, high, weight = _neighbours(sizes, min(size, sizes[-1]))
        return [
            (
                (1 - weight) * (self.paused[low][pause] - self.measured[low])
                + weight * (self.paused[high][pause] - self.measured[high])
            ).tolist()
            for pause in range(len(self.pauses_s))
        ]


def _neighbours(sizes: Sequence[int], size: int) -> tuple[int, int, float]:
    """Return the sizes at or around a size, and the weight of the upper one; below the smallest that one, as if padded to it."""
    after = bisect_left(sizes, size)
    if after == len(sizes):
        raise ValueError(f"batch {size} is larger than the largest measured one, {sizes[-1]}")
    if sizes[after] == size or after == 0:
        return sizes[after], sizes[after], 0.0
    low, high = sizes[after - 1], sizes[after]
    return low, high, (size - low) / (high - low)


def _interrupted(
    call: Callable[[int, float], float], per_s: float, length: float, gaps: Iterator[float]
) -> Callable[[int, float], float]:
    """Return calls that are now and then interrupted: a Poisson process in time of busy time, so long calls meet more."""
    left = next(gaps) / per_s

    def drawn(size: int, idle: float) -> float:
        nonlocal left
        seconds = call(size, idle)
        left -= seconds
        while left < 0:
            seconds += length
            left += next(gaps) / per_s
        return seconds

    return drawn
