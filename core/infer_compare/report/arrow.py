"""The points as an Arrow table, whose schema describes each column and the runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.report.extras import needed
from infer_compare.report.measured import columns_of
from infer_compare.report.rows import point_rows
from infer_compare.report.schema import REPORT_SCHEMA, REPORT_VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from infer_compare.report.metrics import Kind
    from infer_compare.report.schema import ReportDocument

METADATA_KEY = b"infer-compare"
"""Key of the table's metadata: a JSON object with `schema`, `version` and `runs`."""
_OF_A_RUN = ("run_id", "created", "command", "repeat", "state", "model", "plan", "environment")
_TYPES: dict[Kind, str] = {"text": "string", "integer": "int64", "number": "float64", "truth": "bool_"}


def arrow_table(documents: Sequence[ReportDocument], what: str = "An Arrow table") -> pa.Table:
    """Return a table with a row for each point, run by run; unknown values are null.

    Args:
        documents: one run or several.
        what: the feature that needs pyarrow, as the subject of the error's sentence.

    Raises:
        UsageError: pyarrow is not installed.
    """
    needed("pyarrow", "data", what)
    import pyarrow as pa

    columns = columns_of(documents)
    # Arrow rejects large integers in a column of doubles.
    numbers = [metric.name for metric in columns if metric.kind == "number"]
    rows = [
        {**row, **{name: float(value) for name in numbers if isinstance(value := row.get(name), int)}}
        for row in point_rows(documents)
    ]
    schema = pa.schema(
        [
            pa.field(metric.name, getattr(pa, _TYPES[metric.kind])(), metadata={"description": metric.description})
            for metric in columns
        ],
        metadata={METADATA_KEY: _metadata(documents)},
    )
    return pa.Table.from_pylist(rows, schema=schema)


def _metadata(documents: Sequence[ReportDocument]) -> bytes:
    return msgspec.json.encode(
        {
            "schema": REPORT_SCHEMA,
            "version": REPORT_VERSION,
            "runs": [{name: getattr(document, name) for name in _OF_A_RUN} for document in documents],
        }
    )
