"""The points as a pandas data frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infer_compare.report.extras import needed
from infer_compare.report.measured import columns_of
from infer_compare.report.rows import point_rows

if TYPE_CHECKING:
    import pandas as pd

    from infer_compare.report.metrics import Kind
    from infer_compare.report.schema import ReportDocument

DTYPES: dict[Kind, str] = {"text": "string", "integer": "Int64", "number": "Float64", "truth": "boolean"}
"""Nullable pandas types: integers stay integers in a column with missing values."""


def to_pandas(*documents: ReportDocument) -> pd.DataFrame:
    """Return a data frame with a row for each point and the typed columns of the CSV report; unknown values are `pandas.NA`.

    Args:
        documents: the runs, whose rows follow one another.

    Raises:
        UsageError: pandas is not installed.
    """
    needed("pandas", "data", "A data frame")
    import pandas as pd

    rows = point_rows(documents)
    columns: dict[str, Any] = {}
    for metric in columns_of(documents):
        values: Any = [row[metric.name] for row in rows]
        dtype: Any = DTYPES[metric.kind]
        columns[metric.name] = pd.array(values, dtype=dtype)
    return pd.DataFrame(columns)
