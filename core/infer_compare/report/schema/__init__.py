"""The report document: everything that a report shows, without raw stamps, and the version of its schema.

The name of a figure ends in its unit; latencies of `Figures` are in nanoseconds, throughput in samples per second, sizes in
bytes. Unknown values are null; NaN and infinity never appear.
"""

from infer_compare.report.schema.across import Across, AxisBoundary
from infer_compare.report.schema.answers import AnswerReport, UnderBound
from infer_compare.report.schema.contenders import ContenderReport, StartUp
from infer_compare.report.schema.costs import Cost, Costs, Price, TimeUnit
from infer_compare.report.schema.curves import Boundary, Curve, PointReport
from infer_compare.report.schema.documents import (
    COLLECTION_SCHEMA,
    REPORT_SCHEMA,
    REPORT_VERSION,
    ReportCollection,
    ReportDocument,
    State,
)
from infer_compare.report.schema.findings import AgreementReport, Cause, Excluded, FailureReport, Noise
from infer_compare.report.schema.part import Axes, Part
from infer_compare.report.schema.timelines import CallSlice, Timeline
from infer_compare.report.schema.tuning import DroppedReport, RecipeReport, Tuning
from infer_compare.report.schema.variants import PrecisionGain, Split, SplitReport

__all__ = [
    "COLLECTION_SCHEMA",
    "REPORT_SCHEMA",
    "REPORT_VERSION",
    "Across",
    "AgreementReport",
    "AnswerReport",
    "Axes",
    "AxisBoundary",
    "Boundary",
    "CallSlice",
    "Cause",
    "ContenderReport",
    "Cost",
    "Costs",
    "Curve",
    "DroppedReport",
    "Excluded",
    "FailureReport",
    "Noise",
    "Part",
    "PointReport",
    "PrecisionGain",
    "Price",
    "RecipeReport",
    "ReportCollection",
    "ReportDocument",
    "Split",
    "SplitReport",
    "StartUp",
    "State",
    "TimeUnit",
    "Timeline",
    "Tuning",
    "UnderBound",
]
