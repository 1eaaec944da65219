"""The ONNX cases: each has its verdict whatever the others do to their processes, and a page says so."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from onnx import TensorProto, helper

from infer_compare.errors import BackendUnusable
from infer_compare.testing import BackendConformance
from infer_compare.testing.coverage import BackendCoverage, CaseResult, Coverage, page
from infer_compare.testing.coverage.case import Case
from infer_compare.testing.coverage.case_files import read_case, write_case
from infer_compare.testing.coverage.measure import Measured, measure_coverage
from infer_compare.testing.coverage.model_cases import model_case
from infer_compare.testing.coverage.pool import CasePool

NAMES = ("fine", "crashes", "raises", "refused", "wrong", "fine too")


def addition(name):
    """A case of one node, and of two inputs."""
    values = [helper.make_tensor_value_info(one, TensorProto.FLOAT, [2]) for one in ("x", "y", "z")]
    graph = helper.make_graph([helper.make_node("Add", ["x", "y"], ["z"])], "add", values[:2], values[2:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    ones = np.ones(2, np.float32)
    return Case(name, "Add", "node", model, [ones, 2 * ones], [3 * ones], 1e-3, 1e-7)


@pytest.fixture
def folders(tmp_path):
    """A case of each name, as files."""
    for name in NAMES:
        write_case(addition(name), tmp_path / name)
    return [tmp_path / name for name in NAMES]


def test_a_case_that_crashes_its_process_costs_no_other_case(folders, here):
    """Whatever a backend prints, and however it ends."""
    heard = []
    pool = CasePool(f"file:{here / 'moody_backend.py'}:Moody", {}, jobs=1, limit_s=100.0)
    trials = dict(zip(NAMES, pool.run(folders, heard.append), strict=True))
    assert {name: trial.verdict for name, trial in trials.items()} == {
        "fine": "right",
        "crashes": "crashed",
        "raises": "raised",
        "refused": "refused",
        "wrong": "wrong",
        "fine too": "right",
    }
    assert "signal SIGKILL; its last line was: loading crashes" in trials["crashes"].message
    assert trials["raises"].message == "ZeroDivisionError: a day off"
    assert trials["refused"].message == "The operator Add is not supported."
    assert trials["wrong"].message == "values differ by up to 0.5"
    assert len(heard) == len(NAMES)


@pytest.mark.slow
def test_a_case_that_hangs_costs_its_time_and_no_other_case(tmp_path, here):
    """Its process is ended, and another one takes the next case."""
    names = ("fine", "hangs", "fine too")
    for name in names:
        write_case(addition(name), tmp_path / name)
    pool = CasePool(f"file:{here / 'moody_backend.py'}:Moody", {}, jobs=1, limit_s=10.0)
    trials = pool.run([tmp_path / name for name in names], lambda _: None)
    assert [trial.verdict for trial in trials] == ["right", "late", "right"]
    assert trials[1].message == "not done after 10 s"


def test_a_backend_that_cannot_be_loaded_ends_the_whole_with_its_last_line(folders, here):
    """Nothing could be tried."""
    pool = CasePool(f"file:{here / 'moody_backend.py'}:Ill", {}, jobs=1, limit_s=3.0)
    with pytest.raises(BackendUnusable, match=r"ended with exit status 1\. Its last line was: no licence"):
        pool.run(folders, lambda _: None)


def test_a_case_is_read_as_it_was_written(tmp_path):
    """With its figures, its arrays and its model."""
    case = addition("add")
    write_case(case, tmp_path / "add")
    read = read_case(tmp_path / "add")
    assert (read.name, read.about, read.kind, read.rtol, read.atol) == ("add", "Add", "node", 1e-3, 1e-7)
    assert read.model == case.model
    assert [one.tolist() for one in (*read.inputs, *read.outputs)] == [[1, 1], [2, 2], [3, 3]]


def test_a_built_in_model_is_a_case_of_several_rows():
    """With inputs as the model wants them, and no outputs yet."""
    case = model_case("mlp")
    assert (case.kind, case.about, case.outputs) == ("model", "mlp", ())
    assert [(one.dtype, one.shape) for one in case.inputs] == [("float32", (4, 64))]


def result(case, verdict, message="", kind="node", about=None):
    """What came of a case; it is about the first word of its name."""
    return CaseResult(case=case, kind=kind, about=about or case.partition("_")[0], verdict=verdict, message=message)


RESULTS = (
    result("Add_a", "right"),
    result("Add_b", "wrong", "values differ by up to 0.5"),
    result("Conv_a", "refused", "The operator Conv|x is not supported."),
    result("Tile_a", "constant", "needs constant repeats"),
    result("Tile_b", "crashed", "the process ended with signal SIGSEGV"),
    result("mlp", "right", kind="model"),
    result("lstm", "refused", "The operator LSTM is not supported.", kind="model"),
)


def coverage(yardstick=None):
    """Of one backend."""
    return Coverage(
        tool_version="1",
        onnx_version="1.0",
        newest_opset=22,
        backends=(BackendCoverage(backend="moody", version="2.0", results=RESULTS),),
        yardstick=yardstick,
        passed=False,
    )


def rows(text):
    """The cells of all tables of a page."""
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in text.splitlines() if line[:1] == "|"
    ]


def test_the_page_says_of_each_operator_what_is_right_refused_and_wrong_and_why():
    """Words of others are escaped."""
    found = rows(page(coverage(), command="a test"))
    for row in (
        ["`moody`", "2.0", "1", "20.0%", "1", "1", "2"],
        ["Add", "2", "1, 1 wrong"],
        ["Conv", "1", "0"],
        ["Tile", "2", "0 + 1, 1 crashed"],
        ["mlp", "right"],
        ["Add", "Add\\_b", "wrong", "values differ by up to 0.5"],
        ["Conv", "Conv\\_a", "refused", "The operator Conv\\|x is not supported."],
        ["Tile", "Tile\\_b", "crashed", "the process ended with signal SIGSEGV"],
        ["lstm", "lstm", "refused", "The operator LSTM is not supported."],
    ):
        assert row in found or [one.replace("\\_", "_") for one in row] in found, row


def test_shares_refer_to_what_another_backend_passes_and_faults_to_everything():
    """A case that nobody can pass is no reproach, unless it is computed wrong."""
    others = tuple(result(one.case, "refused" if one.case in {"Add_b", "Conv_a"} else "right") for one in RESULTS[:5])
    text = page(coverage(BackendCoverage(backend="onnx", version="3.0", results=others)), command="a test")
    assert "`onnx` 3.0 passes 3 of them on the CPU" in text
    found = rows(text)
    assert ["`moody`", "2.0", "1", "33.3%", "1", "0", "1"] in found
    assert ["Add", "Add_b", "wrong", "values differ by up to 0.5"] in found
    assert not [row for row in found if row[0] == "Conv"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("reference", "--onnx", "--fast"), "--onnx runs no checks; leave out --group, --slow and --fast."),
        (("reference", "--jobs", "2"), "--jobs and --output belong to --onnx; add --onnx, or leave them out."),
    ],
)
def test_options_that_mean_nothing_together_are_refused(cli, arguments, sentence):
    """With exit code 2."""
    done = cli("plugin", "check", *arguments)
    assert done.code == 2
    assert sentence in done.err


def test_a_backend_that_takes_no_onnx_is_refused(cli, here):
    """It has models of its own."""
    done = cli("plugin", "check", f"{here / 'rows_backend.py'}:Rows", "--onnx")
    assert done.code == 2
    assert "takes no ONNX" in done.err


def test_a_test_class_runs_the_cases_if_it_asks_for_them():
    """One test, which others lack."""

    class TestWith(BackendConformance):
        backend = "reference"
        onnx = True

    class TestWithout(TestWith):
        onnx = False

    assert callable(TestWith.test_onnx_cases_are_right_or_refused)
    assert TestWithout.test_onnx_cases_are_right_or_refused is None
    assert not hasattr(BackendConformance, "test_onnx_cases_are_right_or_refused")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_command_writes_the_page_and_one_document(cli, tmp_path, here):
    """Of a backend that knows few operators; what it computes wrong is named, and the exit code says so."""
    done = cli("plugin", "check", f"{here / 'moody_backend.py'}:Narrow", "--onnx", "-o", "pages", "--json")
    assert done.code == 1
    document = json.loads(done.out)
    assert document["passed"] is False
    (backend,) = document["backends"]
    verdicts = {
        verdict: {one["about"] for one in backend["results"] if one["verdict"] == verdict}
        for verdict in {one["verdict"] for one in backend["results"]}
    }
    assert verdicts.keys() == {"right", "wrong", "refused"}
    assert verdicts["right"] >= {"Abs", "Relu"}
    assert verdicts["wrong"] == {"Neg"}
    assert len(verdicts["refused"]) > 100
    text = (tmp_path / "pages" / "coverage.md").read_text(encoding="utf-8")
    assert text.startswith("# ONNX operators of narrow\n")
    wrong = [one["case"].removeprefix("test_") for one in backend["results"] if one["verdict"] == "wrong"]
    assert wrong
    assert all(case in text for case in wrong)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_built_in_model_is_computed_by_onnx_runtime_as_by_the_reference():
    """Small ones; the outputs that are right are computed by another backend."""
    pytest.importorskip("onnxruntime")
    found = measure_coverage([Measured("onnx", "entry:onnx:onnx")], models=["mlp", "lstm"], tests=lambda _: False)
    assert {one.about: one.verdict for one in found.backends[0].results} == {"mlp": "right", "lstm": "right"}
