"""The section about the extra cost of a batch size that a running worker meets for the first time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.phrases import size_words
from infer_compare.report.sections.blocks import MARKDOWN, PAGE, Cell, Folded, Section, Sentences, Table
from infer_compare.report.words import plain
from infer_compare.stats.wording import duration

if TYPE_CHECKING:
    from infer_compare.interfaces import OperatingPoint
    from infer_compare.report.sections.view import View
    from infer_compare.verdicts.new_shapes import NewShapes

REMEDY = "Run every size once before requests arrive, or pad requests to a few sizes."
TITLE = "New batch sizes"
MEANING = "what the first call at a size takes longer in a process that has run other sizes"


def new_shapes(view: View) -> Section | None:
    """Return a sentence for each contender with a high cost of new batch sizes."""
    findings = view.document.new_shapes
    if not findings:
        return None
    items = (*(plain(sentence(view.names[finding.contender], finding)) for finding in findings), REMEDY)
    return Section(title=TITLE, subtitle=MEANING, note=MEANING, look="card said", blocks=(Sentences(items=items),))


def new_shape_costs(view: View) -> Section | None:
    """Return the cost of a new batch size for each contender and size, for formats with room for a table."""
    costs: dict[tuple[str, OperatingPoint], float] = {
        (point.contender, point.point): point.new_shape_ns for point in view.points if point.new_shape_ns is not None
    }
    if not costs:
        return None
    labels = list(dict.fromkeys(label for label, _ in costs))
    rows = tuple(
        (
            Cell(text=size_words(point)),
            *(Cell(text=_words(costs.get((label, point)))) for label in labels),
        )
        for point in sorted({point for _, point in costs})
    )
    header = ("batch", *(view.names[label] for label in labels))
    table = Table(caption=MEANING, header=header, rows=rows, code_header=True)
    folded = Folded(title="First call at a new batch size", blocks=(table,), media=PAGE | MARKDOWN)
    return Section(title=TITLE, page_title="", look="", folded=True, blocks=(folded,))


def _words(cost_ns: float | None) -> str:
    if cost_ns is None:
        return ""
    return duration(cost_ns) if cost_ns else "nothing"


def sentence(name: str, shapes: NewShapes) -> str:
    """Return the cost of new batch sizes for a contender, such as `each new batch size costs torch 21.0 s`."""
    costs = f"each new batch size costs {name} {duration(shapes.typical_ns)}"
    if shapes.sizes == 1:
        return f"{costs} (at {shapes.most})"
    return f"{costs} ({duration(shapes.least_ns)} at {shapes.least}, {duration(shapes.most_ns)} at {shapes.most})"
