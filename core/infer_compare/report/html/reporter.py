"""The report format `html`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.report.schema import ReportDocument


class HtmlReporter:
    """One self-contained page: tables that need no script, and charts where scripts run."""

    name = "html"
    suffix = ".html"

    def render(self, document: ReportDocument) -> str:
        """The page of one run."""
        return self.render_many([document])

    def render_many(self, documents: Sequence[ReportDocument]) -> str:
        """Several runs on one page, one after the other; a contender has the same colour in all of them.

        Args:
            documents: at least one.
        """
        from infer_compare.report.html.page import page

        return page(documents)
