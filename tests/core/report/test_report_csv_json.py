"""CSV and JSON: every figure of the run under a name that tells its unit, and nothing that a reader trips over."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from infer_compare.report import ReportDocument, document
from infer_compare.report.csv import COLUMNS, CsvReporter
from infer_compare.report.json import JsonReporter
from infer_compare.results import Failed, OutOfMemory, Run
from infer_compare.verdicts import summarise

if TYPE_CHECKING:
    from conftest import Story


def rows(made: ReportDocument) -> list[dict[str, str]]:
    """The rows of the CSV report by column."""
    return list(csv.DictReader(io.StringIO(CsvReporter().render(made))))


def test_the_header_names_every_column_with_its_unit(story: type[Story]) -> None:
    """Durations are in milliseconds and sizes in bytes, and the names say so."""
    header = CsvReporter().render(document(story().run())).splitlines()[0]
    assert header.split(",") == list(COLUMNS)
    words = ("latency", "stage", "run_", "fetch", "load", "first_call", "prepare", "new_shape")
    durations = [name for name in COLUMNS if name.startswith(words) or "latency" in name]
    assert len(durations) == 16
    assert all(name.endswith("_ms") for name in durations)
    assert not any(name.endswith("_ns") for name in COLUMNS)
    assert [name for name in COLUMNS if name.endswith("_bytes")] == [
        "resident_bytes",
        "allocated_bytes",
        "reserved_bytes",
        "swapped_bytes",
    ]


def test_there_is_a_row_for_each_point_by_contender_and_batch_size(story: type[Story]) -> None:
    """Points without figures included."""
    found = rows(document(story().run()))
    assert [(row["contender"], row["batch"]) for row in found] == [
        (label, str(size)) for label in ("onnx", "torch") for size in (1, 2, 4, 8)
    ]


def test_numbers_are_those_of_the_run_to_the_last_digit(story: type[Story]) -> None:
    """Nothing is rounded on the way into the file."""
    run = story().run()
    figures = {(one.contender, str(one.point.batch)): one for one in summarise(run).figures}
    for row in rows(document(run)):
        one = figures[row["contender"], row["batch"]]
        assert float(row["throughput"]) == one.throughput
        assert float(row["spread"]) == one.spread
        assert float(row["latency_p50_ms"]) == one.latency_p50_ns / 1e6
        assert float(row["latency_p90_ms"]) == one.latency_p90_ns / 1e6
        assert float(row["latency_p95_ms"]) == one.latency_p95_ns / 1e6
        assert float(row["latency_p99_ms"]) == one.latency_p99_ns / 1e6
        assert float(row["latency_min_ms"]) == one.latency_min_ns / 1e6
        assert float(row["latency_max_ms"]) == one.latency_max_ns / 1e6
        assert (int(row["durations"]), int(row["calls"]), int(row["slices"])) == (one.stamps, one.calls, one.slices)
        assert int(row["resident_bytes"]) == (150 + 2 * int(row["batch"])) * 2**20
        assert float(row["rough_latency_ms"]) == story().curves[row["contender"]][int(row["batch"])]
        assert float(row["first_call_ms"]) == 30


def test_what_is_not_known_is_an_empty_cell(story: type[Story]) -> None:
    """A point that failed has its outcome and its reason, and no figures."""
    failed = Failed(error="RuntimeError", reason="no kernel,\nsorry", phase="explore")
    row = rows(document(story(outcomes={("torch", 8): failed}).run()))[-1]
    assert (row["outcome"], row["fastest"]) == ("failed", "false")
    assert row["reason"].startswith("failed with RuntimeError (no kernel,")
    assert not any(
        row[name] for name in COLUMNS if name.endswith("_ms") or name in {"throughput", "durations", "calls"}
    )


def test_too_few_calls_have_no_p99(story: type[Story]) -> None:
    """The column stays empty below 473 durations."""
    found = rows(document(story(restarts=1, rounds=1, calls=16).run()))
    assert all(row["durations"] == "32" and not row["latency_p99_ms"] for row in found)


def test_the_parts_of_an_end_to_end_iteration_have_columns(story: type[Story]) -> None:
    """Medians in milliseconds; they are empty where the device alone was timed."""
    parts = ("stage_ms", "run_ms", "fetch_ms")
    first, *_ = rows(document(story(plan={"scope": "end_to_end"}).run()))
    assert [float(first[name]) for name in parts] == [0.05, 0.425, 0.025]
    assert not any(row[name] for row in rows(document(story().run())) for name in parts)


def test_flags_and_the_fastest_are_marked(story: type[Story]) -> None:
    """As in the other reports."""
    found = rows(document(story().run()))
    assert {(row["contender"], row["fastest"]) for row in found} == {("onnx", "true"), ("torch", "false")}
    assert all(not row["flags"] for row in found)


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_cell_is_a_formula_for_a_spreadsheet(story: type[Story], name: str) -> None:
    """An apostrophe before it makes it a text."""
    found = rows(document(story(curves={name: {1: 0.5}}, model=name).run()))
    assert found[0]["contender"] == found[0]["model"] == f"'{name}"


def test_names_with_commas_quotes_and_line_ends_stay_in_their_cell(story: type[Story]) -> None:
    """The file is read back as it was meant."""
    name = 'a, "b"\nc'
    found = rows(document(story(curves={name: {1: 0.5, 2: 0.7}}).run()))
    assert [row["contender"] for row in found] == [name, name]


def test_json_decodes_to_the_document(story: type[Story]) -> None:
    """Its own schema takes it back unchanged, failures and bounds included."""
    oom = OutOfMemory(reason="cap", evidence="raised", phase="explore")
    made = document(
        story(
            refused=(2,), outcomes={("torch", 8): oom}, differs=("torch",), plan={"latency_bound_ns": 1_500_000}
        ).run()
    )
    rendered = JsonReporter().render(made)
    assert msgspec.json.decode(rendered, type=ReportDocument) == msgspec.structs.replace(made, timelines=())
    assert rendered.endswith("}\n")


def test_json_and_csv_hold_the_same_figures(story: type[Story]) -> None:
    """Whichever a reader takes."""
    made = document(story().run())
    points = [point for curve in json.loads(JsonReporter().render(made))["curves"] for point in curve["points"]]
    for row, point in zip(rows(made), points, strict=True):
        assert float(row["throughput"]) == point["figures"]["throughput"]
        assert float(row["latency_p95_ms"]) == point["figures"]["latency_p95_ns"] / 1e6
        assert float(row["rejected"]) == point["rejected"]


def test_a_run_without_figures_has_rows_without_them(story: type[Story]) -> None:
    """A header tells which points were asked for."""
    made = document(Run.fold([story().header()]))
    assert {row["outcome"] for row in rows(made)} <= {"skipped"}
    assert msgspec.json.decode(JsonReporter().render(made), type=ReportDocument) == msgspec.structs.replace(
        made, timelines=()
    )
