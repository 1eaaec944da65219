"""The CSV report: a row for each point, for spreadsheets and data frames."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from infer_compare.foreign import escaped
from infer_compare.report.measured import columns_of
from infer_compare.report.metrics import METRICS, Value
from infer_compare.report.rows import point_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from infer_compare.report.schema import ReportDocument

COLUMNS = {metric.name: metric.description for metric in METRICS}
"""The columns with their descriptions. The cell of an unknown value is empty."""


class CsvReporter:
    """Comma-separated values with a header.

    A text that a spreadsheet would read as a formula (beginning with `=`, `+`, `-`, `@` or a tab) gets a leading apostrophe.
    """

    name = "csv"
    suffix = ".csv"

    def render(self, document: ReportDocument) -> str:
        """Return a header and a row for each point, by contender, then by operating point."""
        return self.render_many([document])

    def render_many(self, documents: Sequence[ReportDocument]) -> str:
        """Return one header, and the rows run by run."""
        return written([metric.name for metric in columns_of(documents)], point_rows(documents))


def written(columns: Sequence[str], rows: Iterable[Mapping[str, Value]]) -> str:
    """Return a header and rows, without formulas for spreadsheets and control codes for terminals."""
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({column: _cell(value) for column, value in row.items()})
    return file.getvalue()


def _cell(value: Value) -> Value:
    """Return the value of a cell, without formulas for spreadsheets and control codes for terminals."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return value
    # Names and reasons are untrusted, and the table may be printed on a terminal.
    text = escaped(value, keep="\n\t\r")
    return f"'{text}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else text
