"""The records of a run, and the fold that turns them into points."""

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.request.options import Scope
from infer_compare.results.agreement import Agreement, AgreementVerdict, OutputComparison, OutputError
from infer_compare.results.environment import Environment, WorkerEnvironment
from infer_compare.results.outcomes import (
    AnyOutcome,
    Died,
    Failed,
    LimitReached,
    Measured,
    Memory,
    OutOfMemory,
    Phase,
    Skipped,
    TimedOut,
    Unavailable,
)
from infer_compare.results.point import Point
from infer_compare.results.records import (
    RUN_SCHEMA,
    RUN_VERSION,
    AnyRecord,
    AxisLimit,
    Closing,
    ContenderSpec,
    Death,
    Header,
    Limit,
    ModelInfo,
    ModelKind,
    Note,
    Plan,
    Predicted,
    Probe,
    Unusable,
)
from infer_compare.results.rounds import Round, WarmUp
from infer_compare.results.run import Run
from infer_compare.results.slices import Diagnostics, ForeignProcess, PhaseTimes, Series, Slice
from infer_compare.results.starts import Start
from infer_compare.results.tuning import Dropped, DropReason, Recipe

__all__ = [
    "RUN_SCHEMA",
    "RUN_VERSION",
    "Agreement",
    "AgreementVerdict",
    "AnyOutcome",
    "AnyRecord",
    "AxisLimit",
    "Closing",
    "ContenderSpec",
    "Death",
    "Diagnostics",
    "Died",
    "DropReason",
    "Dropped",
    "Environment",
    "Failed",
    "ForeignProcess",
    "Header",
    "Limit",
    "LimitReached",
    "Measured",
    "Memory",
    "ModelInfo",
    "ModelKind",
    "Note",
    "OperatingPoint",
    "OutOfMemory",
    "OutputComparison",
    "OutputError",
    "Phase",
    "PhaseTimes",
    "Plan",
    "Point",
    "Predicted",
    "Probe",
    "Recipe",
    "Round",
    "Run",
    "Scope",
    "Series",
    "Skipped",
    "Slice",
    "Start",
    "TimedOut",
    "Unavailable",
    "Unusable",
    "WarmUp",
    "WorkerEnvironment",
]
