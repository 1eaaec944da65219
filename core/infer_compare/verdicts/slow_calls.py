"""How many calls of a point are slower than a latency bound, and which bounds that shows to be kept."""

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
"""A count must not jump because a product is a little above a whole number."""


class SlowCalls:
    """The calls of one point, held against latency bounds.

    The number of independent calls is the smaller of two: from the correlation of latencies inside slices, and, where some calls
    are above the bound, from that of being above it over all calls, since whole slices or processes may be slow.
    """

    def __init__(self, readings: Sequence[Reading]) -> None:
        """Take the calls of accepted slices.

        Args:
            readings: of one point, at least one.
        """
        import numpy as np

        self._stretches = [reading.latencies for reading in readings]
        self._latencies = np.concatenate(self._stretches)
        self._within = effective_size(self._stretches, centre="stretch")
        self.number = int(self._latencies.size)
        """Stamps: calls, or blocks of calls where a stamp covers several."""

    def latency(self, percentile: float) -> float:
        """Return the latency at a percentile, in nanoseconds."""
        return nearest_rank(self._latencies, percentile / 100)

    def above(self, bounds_ns: ArrayLike) -> tuple[list[int], list[int], list[int]]:
        """Return for each bound how many calls are above it, how many independent calls there are, and how many of these are above."""
        import numpy as np

        levels = np.asarray(bounds_ns, dtype=np.float64)
        over = np.sort(self._latencies)
        counts = self.number - np.searchsorted(over, levels, side="right")
        effective = np.minimum(self._within, effective_sizes_above(self._stretches, levels))
        above = [ceil(count * size / self.number - _ROUNDING) for count, size in zip(counts, effective, strict=True)]
        return [int(count) for count in counts], [int(size) for size in effective], above

    def kept_from(self, percentile: float) -> int | None:
        """Return the smallest bound in nanoseconds such that it and every larger one is shown to be kept; None where none is.

        A larger bound may be harder to show than a smaller one, where the few calls above it come in clusters. That a point keeps
        10 ms and not 11 would make no sense, so all of them have to be shown.
        """
        import numpy as np

        # A bound that more calls miss than it allows is never shown; between two latencies nothing changes.
        levels = np.unique(self._latencies[self._latencies >= self.latency(percentile)])[::-1]
        _, independent, over = self.above(levels)

        def failure(start: int, end: int) -> int | None:
            """The first level in this part that is not shown to be kept; fewer calls and more above them show less."""
            if bound_holds(min(independent[start:end]), max(over[start:end]), percentile, CONFIDENCE):
                return None
            if end - start == 1:
                return start
            middle = (start + end) // 2
            found = failure(start, middle)
            return found if found is not None else failure(middle, end)

        failed = failure(0, len(levels))
        kept = levels[:failed]
        return ceil(kept[-1]) if len(kept) else None
