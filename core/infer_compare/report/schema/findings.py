"""Further findings: agreement of outputs, exclusions, failures, noise."""

from __future__ import annotations

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.report.schema.part import Part
from infer_compare.results import AgreementVerdict, ForeignProcess, OutputError
from infer_compare.verdicts.outcome_kinds import OutcomeTag


class AgreementReport(Part, frozen=True, kw_only=True):
    """The agreement of a contender's outputs with the reference's, at the operating point with the largest error."""

    contender: str
    reference: str
    verdict: AgreementVerdict
    reason: str
    rtol: float
    """The allowed relative tolerance."""
    output_error: OutputError | None
    """The error against the reference; None if nothing could be compared, and for a reference that is not exact."""
    needed_rtol: float | None
    """The smallest relative tolerance under which the outputs would agree; None if nothing could be compared."""
    point: OperatingPoint
    top1: float | None
    """Least share of rows with the same largest entry."""
    row_consistent: bool | None
    """Whether rows of batches equal the same rows run alone."""
    points: int
    """Number of compared operating points."""


class Excluded(Part, frozen=True, kw_only=True):
    """A contender that is not ranked."""

    contender: str
    reason: str
    """A clause without the contender's name, such as `ran out of memory at batch 1: ...`."""


class FailureReport(Part, frozen=True, kw_only=True):
    """A failure of a contender: missing figures or a lost worker, and why."""

    contender: str
    points: tuple[OperatingPoint, ...]
    """The points; empty if the whole contender failed."""
    outcome: OutcomeTag
    sentence: str
    detail: str
    """The last line that the worker wrote to standard error, or nothing."""
    unanswered: bool
    """Whether a requested question has no answer because of this. Running out of memory is an answer."""


class Cause(Part, frozen=True, kw_only=True):
    """A cause for which slices were rejected."""

    example: str
    """Number of slices; causes that differ only in figures are counted together."""
    slices: int


class Noise(Part, frozen=True, kw_only=True):
    """The disturbances of the run."""

    slices: int
    rejected: int
    causes: tuple[Cause, ...]
    """The most frequent first."""
    top: ForeignProcess | None
    """The process that was most often the busiest during rejected slices, with its highest share."""

    @property
    def share(self) -> float:
        """The share of rejected slices."""
        return self.rejected / self.slices if self.slices else 0.0
