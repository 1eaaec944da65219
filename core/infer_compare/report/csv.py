"""One row a point, for spreadsheets and data frames."""

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
"""The header, with what each column holds. A cell is empty where something is not known."""


class CsvReporter:
    """Comma-separated values with a header.

    A text that a spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@` or a tab) is preceded by an
    apostrophe.
    """

    name = "csv"
    suffix = ".csv"

    def render(self, document: ReportDocument) -> str:
        """A header and a row for each point, by contender, then by operating point."""
        return self.render_many([document])

    def render_many(self, documents: Sequence[ReportDocument]) -> str:
        """One header, and the rows of one run after those of the other."""
        return written([metric.name for metric in columns_of(documents)], point_rows(documents))


def written(columns: Sequence[str], rows: Iterable[Mapping[str, Value]]) -> str:
    """Return a header, and rows whose cells steer neither a spreadsheet nor a terminal."""
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({column: _cell(value) for column, value in row.items()})
    return file.getvalue()


def _cell(value: Value) -> Value:
    """Return a value as a cell has it: nothing that a spreadsheet would run, nothing that steers a terminal."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return value
    # Names and reasons come from others, and the table may be printed on a terminal.
    text = escaped(value, keep="\n\t\r")
    return f"'{text}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else text
