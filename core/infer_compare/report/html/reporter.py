"""The report format `html`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.report.schema import ReportDocument


class HtmlReporter:
    """A self-contained page with tables, which need no script, and charts, which do."""

    name = "html"
    suffix = ".html"

    def render(self, document: ReportDocument) -> str:
        """Return the page of one run."""
        return self.render_many([document])

    def render_many(self, documents: Sequence[ReportDocument]) -> str:
        """Return one page with all runs; a contender has the same colour in all of them.

        Args:
            documents: at least one.
        """
        from infer_compare.report.html.page import page

        return page(documents)
