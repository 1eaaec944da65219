"""Writes untrusted texts as Markdown, escaped so that nothing is read as markup, HTML, a mention or a link."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infer_compare.report.words import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_PUNCTUATION = re.compile(r"([\\`*_\[\]<|~$&])")
_START = re.compile(r"^(\d+(?=[.)](?:\s|$))|(?=[-+#>=]))")
"""Matches the start of a list, heading, rule or quotation at the beginning of a line; a backslash follows it."""
_REFERENCES = re.compile(r"(@|://|#(?=\d)|\bwww(?=\.)|\bgh-(?=\d))", re.IGNORECASE)
_ZERO_WIDTH_SPACE = "\N{ZERO WIDTH SPACE}"


def escape(text: str) -> str:
    """Return the text escaped for use within a line."""
    harmless = _PUNCTUATION.sub(r"\\\1", plain(text))
    # Mentions and bare links are recognised after backslashes are removed; an invisible space breaks them.
    return _REFERENCES.sub(rf"\1{_ZERO_WIDTH_SPACE}", harmless)


def code(text: str) -> str:
    """Return the text as a code span."""
    shown = plain(text)
    if not shown:
        return ""
    fence = "`" * (1 + longest_run(shown))
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def code_cell(text: str) -> str:
    """Return the text as a code span inside a table, where a bar must be escaped."""
    return code(text).replace("|", "\\|")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table with the first column aligned left and the others right; cells must be Markdown."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def listed(sentences: Iterable[str]) -> str:
    """A list of sentences."""
    return "\n".join(f"- {_START.sub(_behind, escape(sentence))}" for sentence in sentences)


def fenced(text: str, language: str) -> str:
    """Return a code block whose fence is longer than any run of backticks in the text."""
    fence = "`" * max(3, 1 + longest_run(text))
    return f"{fence}{language}\n{text}\n{fence}"


def longest_run(text: str) -> int:
    """Return the length of the longest run of backticks."""
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _behind(match: re.Match[str]) -> str:
    return f"{match[0]}\\"
