"""The formats of a comparison, by name."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Protocol

from infer_compare.errors import UsageError
from infer_compare.report.comparison.html import HtmlComparison
from infer_compare.report.comparison.json import JsonComparison
from infer_compare.report.comparison.markdown import MarkdownComparison
from infer_compare.report.comparison.text import TextComparison

if TYPE_CHECKING:
    from infer_compare.report.comparison.schema import ComparisonDocument


class Format(Protocol):
    """Renders a comparison."""

    name: str

    def render(self, document: ComparisonDocument) -> str:
        """The document as text."""


FORMATS: dict[str, Format] = {
    one.name: one for one in (TextComparison(), MarkdownComparison(), HtmlComparison(), JsonComparison())
}


def find_format(name: str) -> Format:
    """The format of that name.

    Raises:
        UsageError: there is none; the nearest name and all names are told.
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
