"""The formats of documents that are made of sections, other than run reports."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import msgspec

from infer_compare.errors import UsageError
from infer_compare.report import markdown, text
from infer_compare.report.endings import format_of_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from infer_compare.report.sections.blocks import Section

Document = TypeVar("Document", bound=msgspec.Struct)


class Format(NamedTuple, Generic[Document]):
    """A format: its name, the suffix of its files, and the function that renders a document."""

    name: str
    suffix: str
    render: Callable[[Document], str]


class Formats(Generic[Document]):
    """The formats of one kind of document."""

    def __init__(
        self,
        noun: str,
        sections: Callable[[Document], Sequence[Section]],
        page: Callable[[Document], str],
        *others: Format[Document],
        plain: Callable[[Document], Document] = lambda document: document,
    ) -> None:
        """Define the formats of a kind of document.

        Args:
            noun: what such a document is called, with its article.
            sections: makes the sections for text and Markdown.
            page: makes the HTML page.
            others: further formats of this kind.
            plain: removes the parts that JSON does not show.
        """
        self.noun = noun
        self.sections = sections

        def as_json(document: Document) -> str:
            return msgspec.json.format(msgspec.json.encode(plain(document)), indent=2).decode() + "\n"

        forms: list[Format[Document]] = [
            Format("text", ".txt", lambda document: text.written(sections(document))),
            Format("markdown", ".md", lambda document: markdown.written(sections(document))),
            Format("html", ".html", page),
            Format("json", ".json", as_json),
            *others,
        ]
        self.all: dict[str, Format[Document]] = {form.name: form for form in forms}
        """The formats by name."""

    @property
    def endings(self) -> dict[str, str]:
        """The ending of each format's files, by its name."""
        return {form.name: form.suffix for form in self.all.values()}

    def find(self, name: str) -> Format[Document]:
        """Return the format of that name.

        Raises:
            UsageError: there is no such format; the message names the nearest and all names.
        """
        if name in self.all:
            return self.all[name]
        near = difflib.get_close_matches(name.lower(), self.all, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"{self.noun} has no format {name!r}.{hint} Known: {', '.join(self.all)}.")

    def render(self, name: str, document: Document) -> str:
        """Return the document in the format of that name.

        Raises:
            UsageError: there is no such format.
        """
        return self.find(name).render(document)

    def of_file(self, path: Path, name: str | None) -> Format[Document]:
        """Return the format of that name, or without a name that of the file's suffix.

        Raises:
            UsageError: there is no such format, or no format has this suffix.
        """
        if name is not None:
            return self.find(name)
        return self.all[format_of_file(path, self.endings)]
