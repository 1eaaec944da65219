"""The base class of answers other than a run's result: text, a notebook table, and files."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from infer_compare.report.files import write_report

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infer_compare.report.formats import Formats

Document = TypeVar("Document", bound=msgspec.Struct)


class Answer(Generic[Document]):
    """An immutable answer that is not the report of one run, such as a comparison."""

    def __init__(self, document: Document, formats: Formats[Document]) -> None:
        """Keep the document.

        Args:
            document: the document that all formats render.
            formats: the formats of such documents.
        """
        self.document = document
        """The document that all formats render."""
        self._formats = formats

    def save(self, path: str | Path, format: str | None = None, *, force: bool = False) -> Path:  # noqa: A002 - as `--format`
        """Write the answer to a file, and return its path.

        Args:
            path: the path of the file.
            format: `text`, `markdown`, `html`, `json`, or `csv` if the command has it; by default the ending of the path decides.
            force: replace an existing file.

        Raises:
            UsageError: there is no such format, the ending of the path belongs to none, or the file exists or cannot be written.
        """
        place = Path(path)
        write_report(place, self._formats.of_file(place, format).render(self.document), force=force)
        return place

    def __str__(self) -> str:
        """Return the answer as text."""
        return self._formats.render("text", self.document)


def table_html(
    model: str, headline: str, header: Iterable[str], rows: Iterable[Iterable[str]], notes: Iterable[str]
) -> str:
    """Return an answer as HTML for notebooks: the headline, a table, and notes below it. All text is escaped.

    Args:
        model: the name of the model.
        headline: the answer in one sentence.
        header: the titles of the columns.
        rows: the texts of the cells.
        notes: sentences.
    """
    head = "".join(f"<th>{escape(title)}</th>" for title in header)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    below = "".join(f"<p><small>{escape(note)}</small></p>" for note in notes)
    title = f"<p><strong>{escape(model)}</strong>: {escape(headline)}</p>"
    return f"<div>{title}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{below}</div>"
