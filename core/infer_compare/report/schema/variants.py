"""The gains of a lower precision, or of a split of the cores, for one backend."""

from __future__ import annotations

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.report.schema.part import Part


class PrecisionGain(Part, frozen=True, kw_only=True):
    """Two contenders that differ only in their precision: how much larger a batch fits, and how much faster it is."""

    contender: str
    precision: str
    base: str
    """The contender of the highest precision."""
    base_precision: str
    largest: int | None
    """The largest batch that fits; None if not even one sample does."""
    open: bool
    """Whether a larger batch may fit: the search found none that fails."""
    base_largest: int | None
    larger: float | None
    """Ratio of the two largest batches; None if either is unknown."""
    faster: float | None = None
    """Ratio of the throughputs at the best batch of each; None if nothing was timed."""
    sentence: str


class Split(Part, frozen=True, kw_only=True):
    """One way to split the cores, at its best batch."""

    contender: str
    threads: int
    """Threads of one instance."""
    instances: int
    point: OperatingPoint
    throughput: float
    latency_p95_ns: float
    oversubscribed: bool
    """Whether it has more threads than there are cores."""


class SplitReport(Part, frozen=True, kw_only=True):
    """Contenders that differ in threads and instances only."""

    backend: str
    splits: tuple[Split, ...]
    """The highest throughput first."""
    sentence: str
