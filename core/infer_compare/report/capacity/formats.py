"""The formats of an answer about capacity, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report import csv
from infer_compare.report.capacity.rows import columns, rows
from infer_compare.report.capacity.sections import QUESTION, sections
from infer_compare.report.formats import Format, Formats
from infer_compare.report.phrases import axes_words

if TYPE_CHECKING:
    from infer_compare.report.capacity.schema import CapacityDocument


def _html(document: CapacityDocument) -> str:
    from infer_compare.report.html.contenders import Contender
    from infer_compare.report.html.page import sections_page

    known = {
        own.contender: Contender(
            place=place,
            label=own.contender,
            name=own.name,
            excluded="",
            backend=document.backends.get(own.contender, own.contender),
        )
        for place, own in enumerate(document.capacity.contenders)
    }
    where = f"{axes_words(document.axes)}, " if document.axes else ""
    facts = f"{where}run {document.run_id}, {document.machine}"
    return sections_page(document.model.name, QUESTION, facts, sections(document), known, ("rate_chart",))


def _csv(document: CapacityDocument) -> str:
    return csv.written(columns([document]), rows(document))


FORMATS: Formats[CapacityDocument] = Formats("Capacity", sections, _html, Format("csv", ".csv", _csv))
