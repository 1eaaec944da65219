"""The comparison document: everything that a comparison shows, and the version of its schema.

A figure is in the unit that its name ends in; throughput is in samples a second, a ratio is new over base. What is not
known is null; NaN and infinity never appear.
"""

from __future__ import annotations

import msgspec

from infer_compare.interfaces import MetricInfo
from infer_compare.interfaces.values import OperatingPoint
from infer_compare.report.schema import State
from infer_compare.results import ModelInfo
from infer_compare.verdicts.unpaired import RunComparison

COMPARISON_SCHEMA = "infer-compare/comparison"
COMPARISON_VERSION = (1, 1)
"""Major and minor: a field is removed or changes its meaning with a new major only."""


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two runs."""

    run_id: str
    created: str
    """UTC, ISO 8601."""
    state: State
    reason: str
    """Why it is not complete, where it says."""
    command: tuple[str, ...]
    """The arguments that were typed."""
    repeat: str
    """The same as one line for a shell."""
    mode: str
    slices: int
    rejected: int
    """Of them, by the gate."""


class MemoryReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a contender needs and bears in both runs; facts without a verdict."""

    contender: str
    name: str
    axes: tuple[tuple[str, int], ...]
    largest: tuple[int | None, int | None]
    """The largest batch that ran: in the base, in the new run."""
    failed: tuple[int | None, int | None]
    """The smallest that did not fit; None where none was met."""
    searched: tuple[bool, bool]
    """Whether the boundary was searched for; else these are the sizes that happened to be tried."""
    point: OperatingPoint | None
    """The largest operating point that ran in both."""
    resident_bytes: tuple[int | None, int | None]
    """Peak resident memory of the worker there."""
    allocated_bytes: tuple[int | None, int | None]
    """Peak of live tensors on the device there, by the framework's own allocator; None on the processor."""


class ComparisonDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A comparison as it is shown."""

    schema: str = COMPARISON_SCHEMA
    version: tuple[int, int] = COMPARISON_VERSION
    untested: str = ""
    """Why the guard could test nothing, or not the base's best contender: why the exit code is 4; else empty."""
    headline: str
    """What the verdicts at the best sizes come to, in one sentence."""
    regression: bool
    """Whether the guard found a proven regression: why the exit code is 1."""
    model: ModelInfo
    """Of the new run."""
    base: RunReport
    new: RunReport
    comparison: RunComparison
    memory: tuple[MemoryReport, ...]
    metrics: tuple[MetricInfo, ...] = ()
    """What both runs measured besides; the figures are in the `metrics` of each side of a point, by name."""
    notes: tuple[str, ...]
