"""What a precision, or a split of the cores, brings one backend."""

from __future__ import annotations

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.report.schema.part import Part


class PrecisionGain(Part, frozen=True, kw_only=True):
    """Two contenders that differ in their precision only: how much larger a batch fits, and what that brings."""

    contender: str
    precision: str
    base: str
    """The contender of the highest precision."""
    base_precision: str
    largest: int | None
    """The largest batch that fits; None where not even one sample does."""
    open: bool
    """Whether a larger one may fit: the search found none that does not."""
    base_largest: int | None
    larger: float | None
    """Ratio of the two; None where either is not known."""
    faster: float | None = None
    """Ratio of the throughputs at the best batch of each; None where nothing was timed."""
    sentence: str


class Split(Part, frozen=True, kw_only=True):
    """One way to split the cores, at its best batch."""

    contender: str
    threads: int
    """Of one instance."""
    instances: int
    point: OperatingPoint
    throughput: float
    latency_p95_ns: float
    oversubscribed: bool
    """Whether its threads are more than the cores."""


class SplitReport(Part, frozen=True, kw_only=True):
    """Contenders that differ in threads and instances only."""

    backend: str
    splits: tuple[Split, ...]
    """The highest throughput first."""
    sentence: str
