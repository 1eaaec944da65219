"""The formats of a comparison, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.comparison.charts import base_label
from infer_compare.report.comparison.sections import sections
from infer_compare.report.formats import Formats

if TYPE_CHECKING:
    from infer_compare.report.comparison.schema import ComparisonDocument


def _html(document: ComparisonDocument) -> str:
    """Return the HTML page; both curves of a contender have the same hue and differ in lightness and line style."""
    from infer_compare.report.html.contenders import Contender
    from infer_compare.report.html.page import sections_page

    known: dict[str, Contender] = {}
    names = {
        comparison.contender: comparison.name
        for comparison in (*document.comparison.bests, *document.comparison.points)
    }
    for label, name in names.items():
        for key, run in ((label, "new"), (base_label(label), "base")):
            known[key] = Contender(place=len(known), label=key, name=f"{name}, {run}", excluded="", backend=label)
    runs = f"run {document.new.run_id} against run {document.base.run_id}"
    return sections_page(document.model.name, "new against base", runs, sections(document), known)


FORMATS: Formats[ComparisonDocument] = Formats("A comparison", sections, _html)
find_format = FORMATS.find
render = FORMATS.render
