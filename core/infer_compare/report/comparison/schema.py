"""The comparison document: everything that a comparison shows, and the version of its schema.

The name of a figure ends in its unit; throughput is in samples per second, a ratio is new over base. Unknown values are
null; NaN and infinity never appear.
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
"""Major and minor: a field is removed or changes its meaning only with a new major."""


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two runs."""

    run_id: str
    created: str
    """UTC, ISO 8601."""
    state: State
    reason: str
    """Why the run is incomplete, if known."""
    command: tuple[str, ...]
    """The command line as typed."""
    repeat: str
    """The same as one line for a shell."""
    mode: str
    slices: int
    rejected: int
    """Slices rejected by the gate."""


class MemoryReport(msgspec.Struct, frozen=True, kw_only=True):
    """Peak memory and largest batch of a contender in both runs, without a verdict."""

    contender: str
    name: str
    axes: tuple[tuple[str, int], ...]
    largest: tuple[int | None, int | None]
    """The largest batch that ran in the base, and in the new run."""
    failed: tuple[int | None, int | None]
    """The smallest batch that did not fit; None if all fitted."""
    searched: tuple[bool, bool]
    """Whether the limit was searched for; else these are the sizes that were tried."""
    point: OperatingPoint | None
    """The largest operating point that ran in both runs."""
    resident_bytes: tuple[int | None, int | None]
    """Peak resident memory of the worker at `point`."""
    allocated_bytes: tuple[int | None, int | None]
    """Peak of live tensors on the device at `point`, by the framework's allocator; None on the CPU."""


class ComparisonDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The comparison of two runs."""

    schema: str = COMPARISON_SCHEMA
    version: tuple[int, int] = COMPARISON_VERSION
    untested: str = ""
    """Why the guard could not test anything, or not the base's best contender; the exit code is then 4. Else empty."""
    headline: str
    """The verdicts at the best sizes, in one sentence."""
    regression: bool
    """Whether the guard proved a regression; the exit code is then 1."""
    model: ModelInfo
    """The model of the new run."""
    base: RunReport
    new: RunReport
    comparison: RunComparison
    memory: tuple[MemoryReport, ...]
    metrics: tuple[MetricInfo, ...] = ()
    """Further metrics of both runs; their figures are in the `metrics` of each side of a point, by name."""
    notes: tuple[str, ...]
