"""One accepted slice, read as numbers."""

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
    """The latencies of an accepted slice, and where it was taken."""

    piece: Slice
    restart: int
    """0 where it is not known."""
    latencies: NDArray[np.float64]
    """Nanoseconds a call, one entry per stamp: means of blocks where a stamp covers several calls."""
    median: float
    pace: float
    """Nanoseconds for each call that the contender finishes."""

    @property
    def location(self) -> float:
        """The time for each call that represents the slice in ratios, in nanoseconds.

        The median is immune to a few disturbed calls; with fewer than four stamps it is no steadier than the mean. Of
        several instances it is the time between calls of any of them, by the median of each.
        """
        own = self._of_each_instance()
        if min(map(len, own)) < MEDIAN_CALLS:
            return self.pace
        return 1 / fsum(1 / median(latencies) for latencies in own) if len(own) > 1 else self.median

    def throughput(self, batch: int) -> float:
        """Samples a second over the whole slice, pauses of collectors and allocators included."""
        return (self.piece.samples or batch) * 1e9 / self.pace

    def _of_each_instance(self) -> list[NDArray[np.float64]]:
        if self.piece.instances is None:
            return [self.latencies]
        ends = list(accumulate(self.piece.instances.stamps, initial=0))
        return [self.latencies[first:end] for first, end in pairwise(ends)]


def throughput_series(readings: Sequence[Reading]) -> list[Reading]:
    """Those that throughput is made of: the pipelined ones where there are any, else those of single calls."""
    pipelined = [one for one in readings if one.piece.series == "pipelined"]
    return pipelined or latency_series(readings)


def latency_series(readings: Sequence[Reading]) -> list[Reading]:
    """Those of single calls, each waited for."""
    return [one for one in readings if one.piece.series == "latency"]


def read(piece: Slice, restart: int = 0) -> Reading | None:
    """The slice as numbers; None for one that was rejected or that timed nothing."""
    import numpy as np

    if piece.rejected is not None or piece.total_ns <= 0:
        return None
    latencies = np.array(piece.durations_ns, dtype=np.float64) / piece.calls_per_stamp
    middle = median(latencies)
    if middle <= 0:
        return None
    return Reading(piece, restart, latencies, middle, piece.pace_ns)
