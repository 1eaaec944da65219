"""The table of points as a Parquet file."""

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
    """A table with the columns of the CSV report, typed; the conditions of the runs are in the file's metadata."""

    name = "parquet"
    suffix = ".parquet"
    requires = ("pyarrow",)
    install_hint = hint("data")

    def render(self, document: ReportDocument) -> bytes:
        """The file."""
        return self.render_many([document])

    def render_many(self, documents: Sequence[ReportDocument]) -> bytes:
        """The rows of one run after those of the other.

        Raises:
            UsageError: pyarrow is not installed.
        """
        what = "The report format 'parquet'"
        needed("pyarrow.parquet", "data", what)
        import pyarrow.parquet as pq

        file = io.BytesIO()
        pq.write_table(arrow_table(documents, what), file)
        return file.getvalue()
