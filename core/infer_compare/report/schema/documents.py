"""A run as reports show it, several runs in one, and the version of their schema."""

from __future__ import annotations

from typing import Literal

from infer_compare.interfaces import MetricInfo
from infer_compare.report.plan import PlanReport
from infer_compare.report.schema.across import Across
from infer_compare.report.schema.answers import AnswerReport
from infer_compare.report.schema.contenders import ContenderReport
from infer_compare.report.schema.costs import Costs
from infer_compare.report.schema.curves import Curve
from infer_compare.report.schema.findings import AgreementReport, Excluded, FailureReport, Noise
from infer_compare.report.schema.part import Part
from infer_compare.report.schema.timelines import Timeline
from infer_compare.report.schema.tuning import Tuning
from infer_compare.results import Environment, ModelInfo, Note
from infer_compare.verdicts import PairVerdict
from infer_compare.verdicts.new_shapes import NewShapes

REPORT_SCHEMA = "infer-compare/report"
COLLECTION_SCHEMA = "infer-compare/reports"
REPORT_VERSION = (3, 2)
"""Major and minor: a field is removed or changes its meaning with a new major only."""

State = Literal["complete", "stopped", "interrupted"]


class ReportDocument(Part, frozen=True, kw_only=True):
    """A run as reports show it."""

    schema: str = REPORT_SCHEMA
    version: tuple[int, int] = REPORT_VERSION
    run_id: str
    created: str
    """UTC, ISO 8601."""
    command: tuple[str, ...]
    """The arguments that were typed."""
    repeat: str
    """The same as one line for a shell."""
    state: State
    reason: str
    """Why the run is not complete, where it says."""
    elapsed_s: float | None
    model: ModelInfo
    plan: PlanReport
    environment: Environment
    """The conditions."""
    contenders: tuple[ContenderReport, ...]
    answers: tuple[AnswerReport, ...]
    """One for each setting of the axes other than the batch."""
    across: Across | None = None
    """Where inputs have another axis than the batch: what holds over all its sizes."""
    curves: tuple[Curve, ...]
    pairs: tuple[PairVerdict, ...]
    """Every pair of contenders at every operating point: adjusted for the number of points, not for that of pairs."""
    new_shapes: tuple[NewShapes, ...] = ()
    """Contenders for which a batch size that a running worker has not seen costs much."""
    failures: tuple[FailureReport, ...]
    agreements: tuple[AgreementReport, ...]
    excluded: tuple[Excluded, ...]
    """Contenders that are not ranked."""
    cautions: tuple[str, ...] = ()
    """What a reader must know about the outputs before trusting the answer, one sentence each."""
    noise: Noise
    notes: tuple[Note, ...]
    warnings: tuple[str, ...]
    """What was known about the machine beforehand."""
    shortcomings: tuple[str, ...]
    """What was asked for and not answered, one sentence each: why the exit code is 1."""
    tuning: Tuning | None = None
    """Of `infer-compare tune`; None for other runs."""
    metrics: tuple[MetricInfo, ...] = ()
    """What was measured around the slices besides; each point has the figures in `figures.metrics`, by name."""
    costs: Costs | None = None
    """Where a price was given."""
    timelines: tuple[Timeline, ...] = ()
    """The calls of each point, for the page; left empty in JSON, since the run file holds every call."""


class ReportCollection(Part, frozen=True, kw_only=True):
    """Several runs in one JSON document."""

    schema: str = COLLECTION_SCHEMA
    version: tuple[int, int] = REPORT_VERSION
    reports: tuple[ReportDocument, ...]
    """In the order in which they were asked for."""
