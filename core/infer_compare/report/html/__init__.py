"""The report as one HTML file that needs nothing else: no network, no fonts, no files beside it."""

from infer_compare.report.html.reporter import HtmlReporter

__all__ = ["HtmlReporter"]
