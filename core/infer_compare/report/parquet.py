"""One row a point, as a Parquet file whose schema says what each column holds and where the figures come from."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import msgspec

from infer_compare.report.extras import hint, needed
from infer_compare.report.metrics import METRICS
from infer_compare.report.rows import point_rows
from infer_compare.report.schema import REPORT_SCHEMA, REPORT_VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.report.metrics import Kind
    from infer_compare.report.schema import ReportDocument

METADATA_KEY = b"infer-compare"
"""Of the file's metadata: a JSON object with `schema`, `version` and `runs`."""
_OF_A_RUN = ("run_id", "created", "command", "repeat", "state", "model", "plan", "environment")
_TYPES: dict[Kind, str] = {"text": "string", "integer": "int64", "number": "float64", "truth": "bool_"}


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
        needed("pyarrow.parquet", "data", "The report format 'parquet'")
        import pyarrow as pa
        import pyarrow.parquet as pq

        # Arrow refuses a large integer for a column of doubles.
        numbers = [metric.name for metric in METRICS if metric.kind == "number"]
        rows = [
            {**row, **{name: float(value) for name in numbers if isinstance(value := row.get(name), int)}}
            for row in point_rows(documents)
        ]
        schema = pa.schema(
            [
                pa.field(
                    metric.name,
                    getattr(pa, _TYPES[metric.kind])(),
                    metadata={"description": metric.description} if metric.description else None,
                )
                for metric in METRICS
            ],
            metadata={METADATA_KEY: _metadata(documents)},
        )
        file = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), file)
        return file.getvalue()


def _metadata(documents: Sequence[ReportDocument]) -> bytes:
    return msgspec.json.encode(
        {
            "schema": REPORT_SCHEMA,
            "version": REPORT_VERSION,
            "runs": [{name: getattr(document, name) for name in _OF_A_RUN} for document in documents],
        }
    )
