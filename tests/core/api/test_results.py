"""A result in Python: iterated, indexed, plotted, compared, and in a table with others."""

from __future__ import annotations

from pathlib import Path

import pytest

import infer_compare as ic
from infer_compare.errors import StoreError, UsageError
from infer_compare.report.csv import COLUMNS
from infer_compare.report.metrics import METRICS

ROOT = Path(__file__).parents[3]
FIGURES = ROOT / "docs/figures/batch-size"


@pytest.fixture(scope="module")
def example() -> ic.Result:
    """A stored run of torch and onnx at batch 1, 2, 4 and 8."""
    return ic.load(ROOT / "docs/example")


@pytest.fixture(scope="module")
def frameworks() -> ic.Result:
    """A stored run of three frameworks, among them TensorFlow, whose allocator counts memory too."""
    return ic.load(FIGURES / "frameworks")


def test_a_result_is_its_points(example) -> None:
    """It can be iterated and counted."""
    assert list(example) == list(example.points)
    assert len(example) == 8
    assert example.contenders == ("torch", "onnx")


def test_points_are_found_by_contender_and_batch(example) -> None:
    """One label finds a curve, a label and a size a point."""
    assert [row.batch for row in example["onnx"]] == [1, 2, 4, 8]
    assert example["onnx", 4] == example.best()
    assert example["onnx", 4, {}] == example.best()


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("onxx", "there is no contender 'onxx'; there are torch, onnx"),
        (("onnx", 3), "'onnx' has no point at batch 3; there are 1, 2, 4, 8"),
        (("onnx", 4, {"seq": 128}), "with {'seq': 128}"),
    ],
)
def test_a_point_that_is_not_there_is_told_with_those_that_are(example, key, sentence) -> None:
    """As a KeyError, as with a dictionary."""
    with pytest.raises(KeyError) as caught:
        example[key]
    assert sentence in caught.value.args[0]


def test_a_row_has_the_names_of_the_columns(example) -> None:
    """Those that it has in another form aside."""
    assert set(ic.PointRow.__struct_fields__) - {"device_bytes", "metrics"} <= set(COLUMNS)
    frame = example.to_pandas().set_index(["contender", "batch"])
    for row in example:
        assert row.latency_p95_ms == frame.loc[(row.contender, row.batch), "latency_p95_ms"]
        assert row.throughput_low <= row.throughput <= row.throughput_high


def test_a_contender_on_the_processor_has_resident_memory_everywhere(frameworks) -> None:
    """TensorFlow's allocator counts tensors alone."""
    for row in frameworks["tensorflow"]:
        assert row.device_bytes is None
        assert row.memory_bytes == row.resident_bytes > 300 * 2**20
    mebibytes = f"{frameworks['tensorflow', 1].resident_bytes / 2**20:,.0f}"
    assert f">{mebibytes}</td>" in frameworks._repr_html_()


def test_which_batch_fits_is_told_by_the_limits(example) -> None:
    """One row for each contender whose boundary was searched for."""
    assert example.limits == ()
    (limit,) = ic.load(FIGURES / "float32").limits
    assert (limit.contender, limit.largest_fitting, limit.smallest_failing, limit.verified) == ("onnx", 288, 292, True)
    assert "batch 288" in limit.sentence


def test_an_arrow_table_has_the_columns_of_the_others(example) -> None:
    """And says how the run was made."""
    table = example.to_arrow()
    assert table.column_names == [metric.name for metric in METRICS]
    assert b"infer-compare" in table.schema.metadata


@pytest.mark.parametrize("kind", ["throughput", "latency", "frontier", "memory"])
def test_a_plot_has_a_line_for_each_contender(example, kind) -> None:
    """With the figures of the points."""
    pytest.importorskip("plotly")
    figure = example.plot(kind)
    assert [trace.name for trace in figure.data] == ["torch (imported)", "onnx"]
    if kind == "throughput":
        assert list(figure.data[1].y) == [row.throughput for row in example["onnx"]]
        assert list(figure.data[1].x) == [1, 2, 4, 8]


def test_a_plot_of_output_errors_has_a_mark_for_each_contender() -> None:
    """Where they compute with different things; else there is none, and a sentence says why."""
    pytest.importorskip("plotly")
    measured = ic.load(ROOT / "docs/figures/contenders")
    figure = measured.plot("accuracy")
    errors = {contender.name: contender.output_error for contender in measured.document.contenders}
    assert len(figure.data) > 1
    assert all(trace.x[0] == pytest.approx(max(errors[trace.name].relative, 1e-8)) for trace in figure.data)
    with pytest.raises(UsageError, match="the contenders of this run compute alike"):
        ic.load(FIGURES / "float32").plot("accuracy")


def test_a_plot_that_there_is_not_is_refused_with_those_that_there_are(example) -> None:
    """In a sentence."""
    with pytest.raises(UsageError, match="'speed'; there are throughput, latency, frontier, memory, accuracy"):
        example.plot("speed")


def test_a_result_shows_itself_in_a_line_with_its_answer(example) -> None:
    """And without its folder, which is long."""
    assert repr(example) == "<Result of cnn on torch, onnx: Use onnx at batch 4.>"


def test_runs_are_compared_as_results_records_or_paths(example) -> None:
    """All ways say the same; the run of one folder against itself shows nothing."""
    other = ic.load(FIGURES / "frameworks")
    found = ic.compare(example, other, across_conditions=True)
    assert found.document == ic.compare(example.run, FIGURES / "frameworks", across_conditions=True).document
    assert {point.contender for point in found.points} == {"torch", "onnx"}
    assert found.headline in repr(found)
    assert found.headline in found._repr_html_()
    assert found.headline in " ".join(str(found).split())
    assert not found.regression


def test_a_comparison_is_saved_after_the_ending_of_its_name(example, tmp_path) -> None:
    """Or refused with the endings that it knows."""
    found = ic.compare(example, example)
    assert "<html" in found.save(tmp_path / "c.html").read_text(encoding="utf-8")
    assert found.save(tmp_path / "c", "json").read_text(encoding="utf-8").startswith("{")
    with pytest.raises(UsageError, match=r"does not have the ending of a format.*\.html"):
        found.save(tmp_path / "c.docx")


def test_several_runs_make_one_table(example) -> None:
    """In the order in which they were made, found by a pattern of folders."""
    runs = ic.load_runs([ROOT / "docs/example", str(FIGURES / "*")])
    assert len(runs) == 5
    assert [run.run.header.created for run in runs] == sorted(run.run.header.created for run in runs)
    frame = runs.to_pandas()
    assert len(frame) == sum(map(len, runs))
    assert frame["run"].nunique() == 5
    assert runs.to_arrow().num_rows == len(frame)
    assert len(runs[:2].to_pandas()) < len(frame)
    assert example.document.run_id in repr(runs)
    assert example.document.run_id not in repr(runs[:0])
    assert runs._repr_html_().count("<tr>") == 6


def test_folders_without_a_run_are_left_out_of_a_pattern_and_refused_by_name(tmp_path) -> None:
    """A pattern that finds none is refused too."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="There is no run that"):
        ic.load_runs(str(tmp_path / "*"))
    with pytest.raises(StoreError):
        ic.load_runs(tmp_path / "empty")
