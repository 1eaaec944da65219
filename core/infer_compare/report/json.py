"""The JSON report: the report document, indented."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.report.schema import ReportCollection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.report.schema import ReportDocument


class JsonReporter:
    """One JSON object; `infer-compare schema report` prints its schema."""

    name = "json"
    suffix = ".json"

    def render(self, document: ReportDocument) -> str:
        """Return the document, with a line end at its end."""
        return _indented(_without_calls(document))

    def render_many(self, documents: Sequence[ReportDocument]) -> str:
        """Return the documents under `reports`; `infer-compare schema reports` prints the schema."""
        return _indented(ReportCollection(reports=tuple(map(_without_calls, documents))))


def _without_calls(document: ReportDocument) -> ReportDocument:
    return msgspec.structs.replace(document, timelines=())


def _indented(document: ReportDocument | ReportCollection) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
