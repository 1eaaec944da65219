"""The report document of a run and of several runs, and the version of their schema."""

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
"""Major and minor: a field is removed or changes its meaning only with a new major."""

State = Literal["complete", "stopped", "interrupted"]


class ReportDocument(Part, frozen=True, kw_only=True):
    """The report of a run."""

    schema: str = REPORT_SCHEMA
    version: tuple[int, int] = REPORT_VERSION
    run_id: str
    created: str
    """UTC, ISO 8601."""
    command: tuple[str, ...]
    """The command line as typed."""
    repeat: str
    """The command line as one line for a shell."""
    state: State
    reason: str
    """Why the run is incomplete, if known."""
    elapsed_s: float | None
    model: ModelInfo
    plan: PlanReport
    environment: Environment
    """The conditions."""
    contenders: tuple[ContenderReport, ...]
    answers: tuple[AnswerReport, ...]
    """One answer for each setting of the axes other than the batch."""
    across: Across | None = None
    """The answer over all settings, if inputs have free axes other than the batch."""
    curves: tuple[Curve, ...]
    pairs: tuple[PairVerdict, ...]
    """Every pair of contenders at every operating point; adjusted for the number of points, not of pairs."""
    new_shapes: tuple[NewShapes, ...] = ()
    """Contenders with a high extra cost of batch sizes that a running worker meets for the first time."""
    failures: tuple[FailureReport, ...]
    agreements: tuple[AgreementReport, ...]
    excluded: tuple[Excluded, ...]
    """Contenders that are not ranked."""
    cautions: tuple[str, ...] = ()
    """Cautions about the outputs, one sentence each."""
    noise: Noise
    notes: tuple[Note, ...]
    warnings: tuple[str, ...]
    """Warnings about the machine from before the run."""
    shortcomings: tuple[str, ...]
    """Requested questions without an answer, one sentence each; with any, the exit code is 1."""
    tuning: Tuning | None = None
    """The results of `infer-compare tune`; None for other runs."""
    metrics: tuple[MetricInfo, ...] = ()
    """Further metrics, measured around the slices; each point has its figures in `figures.metrics`, by name."""
    costs: Costs | None = None
    """The costs, if a price was given."""
    timelines: tuple[Timeline, ...] = ()
    """The calls of each point, for the page; left empty in JSON, since the run file holds every call."""


class ReportCollection(Part, frozen=True, kw_only=True):
    """Several runs in one JSON document."""

    schema: str = COLLECTION_SCHEMA
    version: tuple[int, int] = REPORT_VERSION
    reports: tuple[ReportDocument, ...]
    """In the given order."""
