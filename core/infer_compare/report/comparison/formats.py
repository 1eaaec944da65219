"""The formats of a comparison, by name: its sections by the writers of reports, and the document itself as JSON."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from infer_compare.errors import UsageError
from infer_compare.report import markdown, text
from infer_compare.report.comparison.sections import sections

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.report.comparison.schema import ComparisonDocument


class Format(NamedTuple):
    """Renders a comparison."""

    name: str
    suffix: str
    render: Callable[[ComparisonDocument], str]


def _html(document: ComparisonDocument) -> str:
    from infer_compare.report.html.page import compared_page

    runs = f"run {document.new.run_id} against run {document.base.run_id}"
    names = {one.contender: one.name for one in (*document.comparison.bests, *document.comparison.points)}
    return compared_page(document.model.name, "new against base", runs, sections(document), names)


def _json(document: ComparisonDocument) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        Format("text", ".txt", lambda document: text.written(sections(document))),
        Format("markdown", ".md", lambda document: markdown.written(sections(document))),
        Format("html", ".html", _html),
        Format("json", ".json", _json),
    )
}


def find_format(name: str) -> Format:
    """The format of that name.

    Raises:
        UsageError: there is none; the text gives the nearest name and all names.
    """
    if name in FORMATS:
        return FORMATS[name]
    near = difflib.get_close_matches(name.lower(), FORMATS, 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise UsageError(f"A comparison has no format {name!r}.{hint} Known: {', '.join(FORMATS)}.")


def render(name: str, document: ComparisonDocument) -> str:
    """The document in the format of that name.

    Raises:
        UsageError: there is no such format.
    """
    return find_format(name).render(document)
