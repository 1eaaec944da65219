"""What the author of a report format imports, and of a plugin that hears of runs: the types of what they are given.

The fields of records are those of `infer-compare schema run`, the fields of the report document those of
`infer-compare schema report`; both schemas have a version of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.interfaces.hooks import Reporter, ReporterOfMany
from infer_compare.lazy import lazily
from infer_compare.results import (
    Died,
    Failed,
    Header,
    LimitReached,
    Measured,
    OutOfMemory,
    Point,
    Run,
    Skipped,
    TimedOut,
    Unavailable,
)

if TYPE_CHECKING:
    from infer_compare.report.comparison.schema import ComparisonDocument
    from infer_compare.report.schema import ReportDocument
    from infer_compare.verdicts import Figures

__all__ = [
    "ComparisonDocument",
    "Died",
    "Failed",
    "Figures",
    "Header",
    "LimitReached",
    "Measured",
    "OutOfMemory",
    "Point",
    "ReportDocument",
    "Reporter",
    "ReporterOfMany",
    "Run",
    "Skipped",
    "TimedOut",
    "Unavailable",
]

# These come with all that reports are made with; a plugin names them in annotations alone.
__getattr__ = lazily(
    __name__,
    {
        "ComparisonDocument": "infer_compare.report.comparison.schema",
        "Figures": "infer_compare.verdicts",
        "ReportDocument": "infer_compare.report.schema",
    },
)
