"""Reports of a run: the document that holds everything a report shows, and the formats made of it."""

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
