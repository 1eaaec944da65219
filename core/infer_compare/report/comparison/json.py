"""The comparison document itself, as indented JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from infer_compare.report.comparison.schema import ComparisonDocument


class JsonComparison:
    """One JSON object."""

    name = "json"

    def render(self, document: ComparisonDocument) -> str:
        """The document, with a line end at its end."""
        return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
