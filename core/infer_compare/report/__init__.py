"""Renderings of a run: the document that holds everything a report shows, and the formats made of it."""

from infer_compare.report.document import document
from infer_compare.report.reporters import find_reporter, render
from infer_compare.report.schema import REPORT_SCHEMA, REPORT_VERSION, ReportDocument

__all__ = ["REPORT_SCHEMA", "REPORT_VERSION", "ReportDocument", "document", "find_reporter", "render"]
