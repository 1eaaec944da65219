"""The report as one self-contained HTML file, without network access, fonts or further files."""

from infer_compare.report.html.reporter import HtmlReporter

__all__ = ["HtmlReporter"]
