"""What else was found: agreement of outputs, exclusions, failures, noise."""

from __future__ import annotations

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.report.schema.part import Part
from infer_compare.results import AgreementVerdict, ForeignProcess, OutputError
from infer_compare.verdicts.outcome_kinds import OutcomeTag


class AgreementReport(Part, frozen=True, kw_only=True):
    """How far the outputs of one contender are from the reference's, at the operating point where that is worst."""

    contender: str
    reference: str
    verdict: AgreementVerdict
    reason: str
    rtol: float
    """Allowed."""
    output_error: OutputError | None
    """How far they are from the reference's; None where nothing could be compared, and for a reference that is not exact."""
    needed_rtol: float | None
    """The smallest relative tolerance under which they would agree; None where nothing could be compared."""
    point: OperatingPoint
    top1: float | None
    """Least share of rows with the same largest entry."""
    row_consistent: bool | None
    """Whether rows of batches equal the same rows run alone."""
    points: int
    """Operating points that were compared."""


class Excluded(Part, frozen=True, kw_only=True):
    """A contender without a place in the ranking."""

    contender: str
    reason: str
    """A clause without the contender's name: `ran out of memory at batch 1: ...`."""


class FailureReport(Part, frozen=True, kw_only=True):
    """Where a contender has no figures, or lost a worker, and why."""

    contender: str
    points: tuple[OperatingPoint, ...]
    """Empty where the whole contender failed."""
    outcome: OutcomeTag
    sentence: str
    detail: str
    """The last line that the worker wrote to standard error, or nothing."""
    unanswered: bool
    """Whether something that was asked for has no answer because of this. Running out of memory is an answer."""


class Cause(Part, frozen=True, kw_only=True):
    """Why slices were rejected."""

    example: str
    """Slices are counted together when their causes differ in figures only."""
    slices: int


class Noise(Part, frozen=True, kw_only=True):
    """What disturbed the run."""

    slices: int
    rejected: int
    causes: tuple[Cause, ...]
    """The most frequent first."""
    top: ForeignProcess | None
    """The process that was most often the busiest while slices were rejected, with the highest share it had."""

    @property
    def share(self) -> float:
        """Of all slices, those that were rejected."""
        return self.rejected / self.slices if self.slices else 0.0
