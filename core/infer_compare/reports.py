"""The public module for authors of report formats and of plugins that follow runs: the types of their arguments.

`infer-compare schema run` lists the fields of records, `infer-compare schema report` those of the report document; each
schema has its own version.
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

# Importing these is slow, and a plugin needs them only in annotations.
__getattr__ = lazily(
    __name__,
    {
        "ComparisonDocument": "infer_compare.report.comparison.schema",
        "Figures": "infer_compare.verdicts",
        "ReportDocument": "infer_compare.report.schema",
    },
)
