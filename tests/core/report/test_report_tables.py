"""Parquet and data frames: the table of the CSV report with types, read back with the libraries that people use."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from infer_compare.errors import UsageError
from infer_compare.report import document
from infer_compare.report.csv import COLUMNS, CsvReporter
from infer_compare.report.extras import needed
from infer_compare.report.frames import to_pandas
from infer_compare.report.parquet import METADATA_KEY, ParquetReporter
from infer_compare.results import OutOfMemory

if TYPE_CHECKING:
    from conftest import Story
    from infer_compare.report import ReportDocument


@pytest.fixture(scope="module")
def made(story: type[Story]) -> ReportDocument:
    """A run with a point that ran out of memory."""
    oom = OutOfMemory(reason="cap", evidence="raised", phase="explore")
    return document(story(outcomes={("torch", 8): oom}).run())


def _text(value: Any) -> str:
    """A value as the CSV report writes it."""
    if value is None or value is pd.NA:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_parquet_is_read_back_as_the_csv_report_has_it(made: ReportDocument) -> None:
    """Every cell, to the last digit; what is not known is null."""
    table = pq.read_table(io.BytesIO(ParquetReporter().render(made)))
    assert table.column_names == list(COLUMNS)
    found = [{name: _text(value) for name, value in row.items()} for row in table.to_pylist()]
    assert found == list(csv.DictReader(io.StringIO(CsvReporter().render(made))))


def test_parquet_columns_have_types_and_descriptions(made: ReportDocument) -> None:
    """Those of the values, also where the whole column is null."""
    schema = pq.read_schema(io.BytesIO(ParquetReporter().render(made)))
    types = {name: schema.field(name).type for name in ("batch", "throughput", "model", "fastest", "allocated_bytes")}
    assert types == {
        "batch": pa.int64(),
        "throughput": pa.float64(),
        "model": pa.string(),
        "fastest": pa.bool_(),
        "allocated_bytes": pa.int64(),
    }
    assert schema.field("throughput").metadata[b"description"].decode() == COLUMNS["throughput"]


def test_parquet_says_where_its_figures_come_from(made: ReportDocument) -> None:
    """Command, model, plan and machine of every run, as JSON in the metadata of the file."""
    schema = pq.read_schema(io.BytesIO(ParquetReporter().render_many([made, made])))
    told = json.loads(schema.metadata[METADATA_KEY])
    assert told["schema"] == made.schema
    assert [run["run_id"] for run in told["runs"]] == [made.run_id] * 2
    assert told["runs"][0]["environment"]["cpu"] == made.environment.cpu
    assert told["runs"][0]["command"] == list(made.command)


def test_a_data_frame_has_the_same_table_with_nullable_types(made: ReportDocument) -> None:
    """An integer stays an integer where a value is missing."""
    frame = to_pandas(made)
    assert list(frame.columns) == list(COLUMNS)
    assert {str(frame[name].dtype) for name in COLUMNS} == {"string", "Int64", "Float64", "boolean"}
    assert str(frame["calls"].dtype) == "Int64"
    failed = frame[frame["outcome"] == "out_of_memory"]
    assert failed["throughput"].isna().all()
    assert len(failed) == 1
    rows = [{name: _text(value) for name, value in row.items()} for row in frame.to_dict("records")]
    assert rows == list(csv.DictReader(io.StringIO(CsvReporter().render(made))))


def test_a_data_frame_answers_questions(made: ReportDocument) -> None:
    """The highest throughput by contender is that of the document."""
    best = to_pandas(made).groupby("contender")["throughput"].max()
    for curve in made.curves:
        figures = [point.figures.throughput for point in curve.points if point.figures is not None]
        assert best[curve.contender] == max(figures)


def test_tables_of_several_runs_follow_one_another(made: ReportDocument, story: type[Story]) -> None:
    """One header, and columns that tell the runs apart."""
    other = document(story(model="mlp", environment={"cpu": "Another, faster", "gpus": ("Some GPU",)}).run())
    frame = to_pandas(made, other)
    assert len(frame) == 16
    assert list(frame.groupby("model", sort=False)["machine"].first()) == [
        "Test Processor, 4 cores",
        "Another, faster, 4 cores, Some GPU",
    ]
    rows = list(csv.DictReader(io.StringIO(CsvReporter().render_many([made, other]))))
    assert [row["model"] for row in rows] == list(frame["model"])
    assert pq.read_table(io.BytesIO(ParquetReporter().render_many([made, other]))).num_rows == 16


def test_a_missing_package_is_one_sentence_with_the_pip_command() -> None:
    """It names the extra."""
    with pytest.raises(UsageError) as caught:
        needed("a_package_that_nobody_has.part", "data", "The report format 'parquet'")
    assert str(caught.value) == (
        "The report format 'parquet' needs a_package_that_nobody_has, which is not installed; "
        "install it with `pip install 'infer-compare[data]'`."
    )


def test_a_package_that_is_broken_is_told_from_one_that_is_missing(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what it raised."""
    (tmp_path / "a_broken_package.py").write_text("import a_part_of_it_that_is_gone", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UsageError, match=r"a_part_of_it_that_is_gone.*pip install --force-reinstall 'infer-compare"):
        needed("a_broken_package", "plots", "The report format 'png'")
