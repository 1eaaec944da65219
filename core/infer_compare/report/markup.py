"""Markdown made of foreign texts, in which nothing is read as Markdown, HTML, a mention or a link."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infer_compare.report.words import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_PUNCTUATION = re.compile(r"([\\`*_\[\]<|~$&])")
_START = re.compile(r"^(\d+(?=[.)](?:\s|$))|(?=[-+#>=]))")
"""What makes a list, a heading, a rule or a quotation at the beginning of a line: a backslash goes behind it."""
_REFERENCES = re.compile(r"(@|://|#(?=\d)|\bwww(?=\.)|\bgh-(?=\d))", re.IGNORECASE)
_ZERO_WIDTH_SPACE = "\N{ZERO WIDTH SPACE}"


def escape(text: str) -> str:
    """The text as part of a line, to be read as it is."""
    harmless = _PUNCTUATION.sub(r"\\\1", plain(text))
    # Mentions and bare links are looked for after backslashes are gone; an invisible space breaks them.
    return _REFERENCES.sub(rf"\1{_ZERO_WIDTH_SPACE}", harmless)


def code(text: str) -> str:
    """The text in a code span, where nothing is interpreted."""
    shown = plain(text)
    if not shown:
        return ""
    fence = "`" * (1 + longest_run(shown))
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def code_cell(text: str) -> str:
    """The same inside a table, where a bar ends a cell even in a code span."""
    return code(text).replace("|", "\\|")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, its first column aligned to the left and the others to the right; cells are Markdown already."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def listed(sentences: Iterable[str]) -> str:
    """A list of sentences."""
    return "\n".join(f"- {_START.sub(_behind, escape(sentence))}" for sentence in sentences)


def fenced(text: str, language: str) -> str:
    """A block of code; its fence is longer than any run of backticks in the text."""
    fence = "`" * max(3, 1 + longest_run(text))
    return f"{fence}{language}\n{text}\n{fence}"


def longest_run(text: str) -> int:
    """The length of the longest run of backticks."""
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _behind(match: re.Match[str]) -> str:
    return f"{match[0]}\\"
