"""The comparison of two stored runs, as text, Markdown, HTML or JSON."""

from infer_compare.report.comparison.document import document
from infer_compare.report.comparison.formats import FORMATS, find_format, render
from infer_compare.report.comparison.schema import COMPARISON_SCHEMA, COMPARISON_VERSION, ComparisonDocument

__all__ = [
    "COMPARISON_SCHEMA",
    "COMPARISON_VERSION",
    "FORMATS",
    "ComparisonDocument",
    "document",
    "find_format",
    "render",
]
