"""The throughput of a point is one number: in text, CSV, JSON, Parquet, the page, Python and a notebook."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import infer_compare as ic
from infer_compare.plugins import Plugins
from infer_compare.report import find_reporter, render
from infer_compare.stats.wording import significant

ROOT = Path(__file__).parents[3]
RUNS = (
    "docs/example",
    *(f"docs/figures/batch-size/{name}" for name in ("float32", "frameworks", "int8", "resnet18")),
)


@pytest.fixture(scope="module", params=RUNS, ids=lambda path: path.rpartition("/")[2])
def result(request):
    """A stored run."""
    return ic.load(ROOT / request.param)


@pytest.fixture(scope="module")
def rows(result):
    """The rows of the CSV report."""
    return list(csv.DictReader(io.StringIO(_report(result, "csv"))))


def _report(result, name):
    return render(find_reporter(name, Plugins.discover()), result.document)


def _throughputs(rows):
    return {(row["contender"], int(row["batch"])): row["throughput"] for row in rows}


def test_csv_json_parquet_and_python_have_the_same_numbers(result, rows):
    """To the last digit, those without figures included."""
    seen = {(row.contender, row.batch): row.throughput for row in result}
    assert {key: float(text) if text else None for key, text in _throughputs(rows).items()} == seen
    points = [point for curve in json.loads(_report(result, "json"))["curves"] for point in curve["points"]]
    assert seen == {
        (point["contender"], point["point"]["batch"]): point["figures"] and point["figures"]["throughput"]
        for point in points
    }
    assert _throughputs(pq.read_table(io.BytesIO(_report(result, "parquet"))).to_pylist()) == seen
    frame = result.to_pandas()
    assert _throughputs(frame.astype(object).where(frame.notna(), None).to_dict("records")) == seen


def test_what_the_best_is_said_to_do_is_what_its_point_does(result, rows):
    """A confirmed size has no second figure in the answer."""
    best = result.best()
    if best is None:
        assert not any(row["recommended"] == "true" for row in rows)
        return
    (row,) = [row for row in rows if row["recommended"] == "true"]
    assert (best.contender, best.batch, best.throughput) == (
        row["contender"],
        int(row["batch"]),
        float(row["throughput"]),
    )
    (answer,) = result.document.answers
    for one in answer.answer.by_contender:
        assert one.figures.throughput == result[one.contender, one.point.batch].throughput


def test_text_shows_each_point_with_that_number(result):
    """In the line of its size below its contender."""
    lines = _report_lines(result)
    for row in filter(lambda row: row.measured, result):
        assert (row.batch, significant(row.throughput)) in lines[_name(result, row.contender)], row


def _report_lines(result):
    """The two first figures of each line below the name of a contender."""
    from infer_compare.report.sections import printed
    from infer_compare.report.text import written

    found, name = {}, ""
    for line in written(printed(result.document, verbose=True)).splitlines():
        if line.strip() in {one.name for one in result.document.contenders}:
            name = line.strip()
        elif match := re.match(r"\s+(\d+)\s+([\d,.]+)\s", line):
            found.setdefault(name, set()).add((int(match[1]), match[2]))
    return found


def _name(result, label):
    return next(one.name for one in result.document.contenders if one.label == label)


class _Rows(HTMLParser):
    """The rows of the tables of a page, each a list of cells' texts."""

    def __init__(self, page):
        super().__init__()
        self.rows: list[list[str]] = []
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"} and self.rows:
            self.rows[-1].append("")
            self._inside = True

    def handle_endtag(self, tag):
        self._inside = self._inside and tag not in {"td", "th"}

    def handle_data(self, data):
        if self._inside:
            self.rows[-1][-1] += data


def test_the_page_shows_each_point_with_that_number(result):
    """In the row of its size."""
    found = {}
    for first, *cells in _Rows(_report(result, "html")).rows:
        found.setdefault(first.strip(), set()).update(cell.strip() for cell in cells)
    for row in filter(lambda row: row.measured, result):
        assert significant(row.throughput) in found[str(row.batch)], row


def test_a_notebook_shows_each_point_with_that_number(result):
    """In the row of its contender and size."""
    found = {(cells[0], cells[1]): cells[2] for cells in _Rows(result._repr_html_()).rows if len(cells) > 2}
    for row in filter(lambda row: row.measured, result):
        assert found[row.contender, str(row.batch)] == significant(row.throughput)


def test_the_earlier_estimate_of_a_confirmed_size_is_a_column(result, rows):
    """For those who look; a size that is not confirmed has none."""
    assert {bool(row["earlier_throughput"]) for row in rows if row["confirmed"] != "true"} <= {False}
    assert all(float(row["earlier_throughput"]) > 0 for row in rows if row["confirmed"] == "true")
