"""The requests of a replay, and their latencies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from infer_compare.capacity.predict import percentile_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from infer_compare.serving.batcher import Batch, Served


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a replay that begins and ends with an empty queue."""

    arrivals_ns: list[int]
    """Scheduled arrivals, on the clock of the service."""
    served: Served

    @property
    def answered(self) -> list[Batch]:
        """The answered batches."""
        return [batch for batch in self.served.batches if not batch.lost]

    @property
    def span_ns(self) -> int:
        """The time from the first arrival to the last answer."""
        return max((batch.answered_ns for batch in self.answered), default=self.arrivals_ns[0]) - self.arrivals_ns[0]


@dataclass(frozen=True, slots=True)
class Requests:
    """Answered requests."""

    arrivals_ns: NDArray[np.int64]
    latencies_ns: NDArray[np.int64]
    """From the scheduled arrival to the answer."""

    @classmethod
    def of(cls, segments: Sequence[Segment]) -> Self:
        """Return the answered requests of all segments."""
        import numpy as np

        arrivals = np.array([arrival_ns for segment in segments for arrival_ns in segment.arrivals_ns], np.int64)
        answered = np.zeros(len(arrivals), np.int64)
        before = 0
        for segment in segments:
            for batch in segment.answered:
                answered[before + batch.first : before + batch.first + batch.size] = batch.answered_ns
            before += len(segment.arrivals_ns)
        there = answered > 0
        return cls(arrivals[there], answered[there] - arrivals[there])

    @property
    def number(self) -> int:
        """The number of requests."""
        return len(self.latencies_ns)

    def within(self, windows: Sequence[tuple[int, int]]) -> Self:
        """Return the requests that arrived and were answered within one of the windows."""
        import numpy as np

        inside = np.zeros(len(self.arrivals_ns), bool)
        for begin_ns, end_ns in windows:
            inside |= (self.arrivals_ns >= begin_ns) & (self.arrivals_ns + self.latencies_ns <= end_ns)
        return type(self)(self.arrivals_ns[inside], self.latencies_ns[inside])

    def percentiles(self, percentiles: Sequence[float]) -> dict[str, float] | None:
        """Return latencies in seconds by percentile; None without requests."""
        import numpy as np

        if not len(self.latencies_ns):
            return None
        values = np.percentile(self.latencies_ns, percentiles) / 1e9
        return {percentile_key(key): float(value) for key, value in zip(percentiles, values, strict=True)}
