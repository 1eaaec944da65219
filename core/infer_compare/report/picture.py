"""The curves as a picture: PNG for slides and pages, SVG for papers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.extras import hint, needed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from infer_compare.report.schema import ReportDocument

EXTRA = "plots"


class PngReporter:
    """Throughput, latency and the frontier of the two, 2100 pixels wide: 7 inches at 300 dots an inch."""

    name = "png"
    suffix = ".png"
    requires = ("matplotlib",)
    install_hint = hint(EXTRA)

    def render(self, document: ReportDocument) -> bytes:
        """Return the picture of one run."""
        return self.render_many([document])

    def render_many(self, documents: Sequence[ReportDocument]) -> bytes:
        """One row of panels for each run.

        Raises:
            UsageError: matplotlib is not installed.
        """
        return _drawn(documents, self.name, "png")


class SvgReporter:
    """The picture as SVG, 7 inches wide, with letters as text; the same run always gives the same bytes."""

    name = "svg"
    suffix = ".svg"
    requires = ("matplotlib",)
    install_hint = hint(EXTRA)

    def render(self, document: ReportDocument) -> str:
        """Return the picture of one run."""
        return self.render_many([document])

    def render_many(self, documents: Sequence[ReportDocument]) -> str:
        """One row of panels for each run.

        Raises:
            UsageError: matplotlib is not installed.
        """
        return _drawn(documents, self.name, "svg").decode()


def _drawn(documents: Sequence[ReportDocument], name: str, kind: Literal["png", "svg"]) -> bytes:
    needed("matplotlib", EXTRA, f"The report format {name!r}")
    from infer_compare.report.figure.canvas import draw

    return draw(documents, kind)
