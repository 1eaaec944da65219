"""Accepted slices as arrays of latencies."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import fsum
from typing import TYPE_CHECKING

from infer_compare.stats.quantiles import median
from infer_compare.verdicts.protocol import MEDIAN_CALLS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from infer_compare.results import Slice


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """The latencies of an accepted slice, and its restart."""

    piece: Slice
    restart: int
    """0 if it is not known."""
    latencies: NDArray[np.float64]
    """Nanoseconds per call, float64, one entry per stamp; means of blocks if a stamp covers several calls."""
    median: float
    pace: float
    """Nanoseconds per finished call; see `Slice.pace_ns`."""

    @property
    def location(self) -> float:
        """The time per call that represents the slice in ratios, in nanoseconds.

        The median is robust against a few disturbed calls; with fewer than four stamps the mean is as good. For several instances
        it is the time between calls of any of them, from the median of each.
        """
        by_instance = self._of_each_instance()
        if min(map(len, by_instance)) < MEDIAN_CALLS:
            return self.pace
        return 1 / fsum(1 / median(latencies) for latencies in by_instance) if len(by_instance) > 1 else self.median

    def throughput(self, batch: int) -> float:
        """Return the samples per second over the whole slice, including pauses of garbage collectors and allocators."""
        return (self.piece.samples or batch) * 1e9 / self.pace

    def _of_each_instance(self) -> list[NDArray[np.float64]]:
        if self.piece.instances is None:
            return [self.latencies]
        ends = list(accumulate(self.piece.instances.stamps, initial=0))
        return [self.latencies[first:end] for first, end in pairwise(ends)]


def throughput_series(readings: Sequence[Reading]) -> list[Reading]:
    """Return the readings that determine throughput: the pipelined ones if there are any, else those of single calls."""
    pipelined = [reading for reading in readings if reading.piece.series == "pipelined"]
    return pipelined or latency_series(readings)


def latency_series(readings: Sequence[Reading]) -> list[Reading]:
    """Return the readings of single calls, each waited for."""
    return [reading for reading in readings if reading.piece.series == "latency"]


def read(piece: Slice, restart: int = 0) -> Reading | None:
    """Return the reading of a slice; None if it was rejected or timed nothing."""
    import numpy as np

    if piece.rejected is not None or piece.total_ns <= 0:
        return None
    latencies = np.array(piece.durations_ns, dtype=np.float64) / piece.calls_per_stamp
    middle = median(latencies)
    if middle <= 0:
        return None
    return Reading(piece, restart, latencies, middle, piece.pace_ns)
