"""What a user gets wrong, and what a disk does: one sentence, the right exit code, and nothing left behind."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

BOTH = ("--backends", "onnx,reference")
ROW = ["batch", 4]


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path) -> None:
    """Nothing is taken from the user's cache, and nothing put there."""
    monkeypatch.setenv("INFER_COMPARE_CACHE", str(tmp_path / "cache"))


def save(path, nodes, inputs, outputs=("y",)) -> None:
    """A small ONNX file over rows of four."""
    values = [
        [helper.make_tensor_value_info(one, TensorProto.FLOAT, ROW) for one in ones] for ones in (inputs, outputs)
    ]
    graph = helper.make_graph([helper.make_node(*node) for node in nodes], "small", *values)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


@pytest.mark.parametrize("command", [("explain",), ("check",), ("run", "--dry-run")])
def test_an_empty_model_is_not_taken_for_the_default(cli, command) -> None:
    """A variable that is not set must not have another model measured."""
    result = cli(*command, "", *BOTH)
    assert result.code == 2
    assert "The model is empty" in result.err


def test_empty_data_are_not_taken_for_the_working_folder(cli, tmp_path) -> None:
    """Although an array lies there that would fit."""
    np.save(tmp_path / "features.npy", np.ones((8, 64), np.float32))
    result = cli("check", "mlp", *BOTH, "--data", "")
    assert result.code == 2
    assert "--data is empty" in result.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("mlp", "--model", "toch=net.pt2"), "'toch', which is not a backend"),
        (("--model", "toch=net.pt2"), "'toch', which is not a backend"),
        (("net_in_code.py",), "as in net_in_code.py:make"),
        ((":make",), "There is no model ':make'"),
    ],
)
def test_a_model_that_is_named_wrongly_is_said_with_what_is_wrong(cli, tmp_path, arguments, says) -> None:
    """Each in one sentence."""
    (tmp_path / "net_in_code.py").write_text("def make(): ...\n")
    result = cli("explain", *arguments)
    assert result.code == 2
    assert says in result.err


def test_explain_refuses_an_own_model_with_other_inputs(cli, tmp_path) -> None:
    """As `check` and `run` do, instead of telling a way that they refuse."""
    save(tmp_path / "one.onnx", [("Relu", ["a"], ["y"])], ["a"])
    save(tmp_path / "two.onnx", [("Sub", ["a", "b"], ["y"])], ["a", "b"])
    result = cli("explain", "one.onnx", "--model", "reference=two.onnx", *BOTH)
    assert result.code == 2
    assert "has 2 inputs (a, b), and the run's has 1 (a)" in result.err


def test_two_inputs_cannot_be_mapped_to_one(cli, tmp_path) -> None:
    """The other of the run's inputs would be left out."""
    save(tmp_path / "run.onnx", [("Sub", ["a", "b"], ["y"])], ["a", "b"])
    save(tmp_path / "own.onnx", [("Sub", ["p", "q"], ["y"])], ["p", "q"])
    maps = ("--input-map", "reference:p=b", "--input-map", "reference:q=b")
    result = cli("explain", "run.onnx", "--model", "reference=own.onnx", *BOTH, *maps)
    assert result.code == 2
    assert "p and q are both mapped to the run's input 'b'" in result.err


def test_outputs_of_another_number_cannot_be_mapped(cli, tmp_path) -> None:
    """Said in a sentence, whichever has more."""
    save(tmp_path / "run.onnx", [("Relu", ["a"], ["y"])], ["a"])
    save(tmp_path / "own.onnx", [("Relu", ["a"], ["y"]), ("Neg", ["a"], ["z"])], ["a"], ["y", "z"])
    arguments = ("explain", "run.onnx", "--model", "reference=own.onnx", *BOTH, "--output-map", "reference:z=y")
    result = cli(*arguments)
    assert result.code == 2
    assert "has 2 outputs (y, z), and the run's has 1 (y)" in result.err


def test_data_of_a_function_may_have_any_input_name(cli, tmp_path) -> None:
    """Names with a slash are common in TensorFlow, and are no paths."""
    save(
        tmp_path / "net.onnx",
        [("Relu", ["in/a:0"], ["y"]), ("Sub", ["in/b", "in/a:0"], ["z"])],
        ["in/a:0", "in/b"],
        "yz",
    )
    (tmp_path / "slashes.py").write_text(
        "import numpy as np\n"
        "def rows():\n"
        "    return {name: np.random.default_rng(3).normal(size=(8, 4)).astype('f4') for name in ('in/a:0', 'in/b')}\n"
    )
    result = cli(
        "check", "net.onnx", "--backends", "onnx", "--batch-sizes", "1,2", "--data", "slashes.py:rows", "--json"
    )
    assert "in/a" not in result.err
    assert json.loads(result.out)["contenders"][0]["label"] == "onnx"


def test_data_that_are_no_array_are_said_in_a_sentence(cli, tmp_path) -> None:
    """Rows of unlike lengths."""
    (tmp_path / "ragged.py").write_text("def rows():\n    return {'features': [[1.0, 2.0], [3.0]]}\n")
    result = cli("check", "mlp", "--backends", "onnx", "--data", "ragged.py:rows")
    assert result.code == 2
    assert "ragged.py:rows must return an array for 'features'" in result.err


def test_a_full_disk_at_the_first_record_leaves_no_run(cli, tmp_path, monkeypatch) -> None:
    """It could neither be reported nor gone on with, so none is left and none is promised."""
    own = os.write

    def full(descriptor, data):
        if Path(f"/proc/self/fd/{descriptor}").readlink().name == "run.jsonl":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return own(descriptor, data)

    monkeypatch.setattr(os, "write", full)
    result = cli("run", "mlp", "--backends", "onnx", "--batch-sizes", "1", "--quick", "--threads", "1", "-o", "lost")
    assert result.code == 1
    assert "The disk of lost is full" in result.err
    assert "--resume" not in result.err
    assert not (tmp_path / "lost").exists()


def test_a_model_that_mixes_its_samples_is_said_to_compute_other_things_at_other_batch_sizes(cli, tmp_path) -> None:
    """A row of its batch is not what the row gives alone: a fact about the model, where all contenders agree."""
    save(tmp_path / "mix.onnx", [("CumSum", ["a", "zero"], ["y"])], ["a"])
    model = onnx.load(tmp_path / "mix.onnx")
    model.graph.initializer.append(helper.make_tensor("zero", TensorProto.INT64, [], [0]))
    onnx.save(model, tmp_path / "mix.onnx")
    result = cli("check", "mix.onnx", "--backends", "onnx,reference", "--batch-sizes", "1,3")
    said = " ".join(result.out.split())
    assert result.code == 0, result.out
    assert "rows of a batch depend on each other, on onnx and reference at batch 3" in said
    assert "this model computes different things at different batch sizes" in said
