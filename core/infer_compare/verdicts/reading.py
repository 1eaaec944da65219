"""One accepted slice, read as numbers."""

from __future__ import annotations

from dataclasses import dataclass
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
    mean: float

    @property
    def location(self) -> float:
        """The latency that represents the slice in ratios, in nanoseconds.

        The median is immune to a few disturbed calls; with fewer than four stamps it is no steadier than the mean.
        """
        return self.median if len(self.latencies) >= MEDIAN_CALLS else self.mean

    def throughput(self, batch: int) -> float:
        """Samples a second over the whole slice, pauses of collectors and allocators included."""
        return (self.piece.samples or batch) * 1e9 / self.mean


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
    return Reading(piece, restart, latencies, middle, piece.mean_ns)
