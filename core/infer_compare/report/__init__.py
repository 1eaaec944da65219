"""Reports of a run: the report document with everything that is shown, and the formats made from it."""

from infer_compare.report.document import document
from infer_compare.report.reporters import check_number, find_reporter, render, render_many
from infer_compare.report.schema import (
    COLLECTION_SCHEMA,
    REPORT_SCHEMA,
    REPORT_VERSION,
    ReportCollection,
    ReportDocument,
)

__all__ = [
    "COLLECTION_SCHEMA",
    "REPORT_SCHEMA",
    "REPORT_VERSION",
    "ReportCollection",
    "ReportDocument",
    "check_number",
    "document",
    "find_reporter",
    "render",
    "render_many",
]
