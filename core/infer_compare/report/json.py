"""The document itself, as indented JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from infer_compare.report.schema import ReportDocument


class JsonReporter:
    """One JSON object; `infer-compare schema report` prints its schema."""

    name = "json"
    suffix = ".json"

    def render(self, document: ReportDocument) -> str:
        """The document, with a line end at its end."""
        return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
