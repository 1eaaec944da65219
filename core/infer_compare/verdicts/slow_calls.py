"""Counts of calls above a latency bound, and the bounds that a point is shown to keep."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from infer_compare.stats.autocorrelation import effective_size, effective_sizes_above
from infer_compare.stats.binomial import bound_holds
from infer_compare.stats.quantiles import nearest_rank
from infer_compare.verdicts.protocol import CONFIDENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from infer_compare.verdicts.reading import Reading

_ROUNDING = 1e-9
"""Subtracted before rounding up, since a product may be a little above a whole number."""


class SlowCalls:
    """The calls of one point, compared with latency bounds.

    The number of independent calls is the smaller of two estimates: from the correlation of latencies within slices, and, if some
    calls are above the bound, from the correlation of being above it over all calls, since whole slices or processes may be slow.
    """

    def __init__(self, readings: Sequence[Reading]) -> None:
        """Takes the calls of accepted slices.

        Args:
            readings: of one point, at least one.
        """
        import numpy as np

        self._stretches = [reading.latencies for reading in readings]
        self._latencies = np.concatenate(self._stretches)
        self._within = effective_size(self._stretches, centre="stretch")
        self.number = int(self._latencies.size)
        """Number of stamps: calls, or blocks of calls."""

    def latency(self, percentile: float) -> float:
        """Return the latency at a percentile, in nanoseconds."""
        return nearest_rank(self._latencies, percentile / 100)

    def above(self, bounds_ns: ArrayLike) -> tuple[list[int], list[int], list[int]]:
        """Return, for each bound, the calls above it, the number of independent calls, and the independent calls above it."""
        import numpy as np

        levels = np.asarray(bounds_ns, dtype=np.float64)
        over = np.sort(self._latencies)
        counts = self.number - np.searchsorted(over, levels, side="right")
        effective = np.minimum(self._within, effective_sizes_above(self._stretches, levels))
        above = [ceil(count * size / self.number - _ROUNDING) for count, size in zip(counts, effective, strict=True)]
        return [int(count) for count in counts], [int(size) for size in effective], above

    def kept_from(self, percentile: float) -> int | None:
        """Return the smallest bound in nanoseconds that is shown to be kept together with all larger ones; None without one.

        A larger bound may be harder to show than a smaller one if the few calls above it are clustered. As a point cannot keep 10 ms
        but not 11, all larger bounds must be shown too.
        """
        import numpy as np

        # Only measured latencies need to be tried: nothing changes between two of them. Lower bounds fail anyway.
        levels = np.unique(self._latencies[self._latencies >= self.latency(percentile)])[::-1]
        _, independent, over = self.above(levels)

        def failure(start: int, end: int) -> int | None:
            """Return the first level of a range that is not shown to be kept, by bisection: a range passes if its worst case does."""
            if bound_holds(min(independent[start:end]), max(over[start:end]), percentile, CONFIDENCE):
                return None
            if end - start == 1:
                return start
            middle = (start + end) // 2
            earlier = failure(start, middle)
            return earlier if earlier is not None else failure(middle, end)

        failed = failure(0, len(levels))
        kept = levels[:failed]
        return ceil(kept[-1]) if len(kept) else None
