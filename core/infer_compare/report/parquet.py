"""The Parquet report: the table of points."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from infer_compare.report.arrow import METADATA_KEY, arrow_table
from infer_compare.report.extras import hint, needed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.report.schema import ReportDocument

__all__ = ["METADATA_KEY", "ParquetReporter"]


class ParquetReporter:
    """A table with the typed columns of the CSV report; the file's metadata describes the runs."""

    name = "parquet"
    suffix = ".parquet"
    requires = ("pyarrow",)
    install_hint = hint("data")

    def render(self, document: ReportDocument) -> bytes:
        """Return the file."""
        return self.render_many([document])

    def render_many(self, documents: Sequence[ReportDocument]) -> bytes:
        """Return one file with the rows of all runs, run by run.

        Raises:
            UsageError: pyarrow is not installed.
        """
        what = "The report format 'parquet'"
        needed("pyarrow.parquet", "data", what)
        import pyarrow.parquet as pq

        file = io.BytesIO()
        pq.write_table(arrow_table(documents, what), file)
        return file.getvalue()
