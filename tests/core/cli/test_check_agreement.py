"""What `check` says of models whose outputs are hard to compare: with real workers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from pathlib import Path


def save(path: Path, nodes, inputs, outputs, constants=()) -> Path:
    """A small ONNX file; inputs and outputs are names with element types and shapes."""
    values = [[helper.make_tensor_value_info(*one) for one in ones] for ones in (inputs, outputs)]
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants]
    graph = helper.make_graph(nodes, "small", *values, tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def policy(path: Path, seed: int) -> Path:
    """Logits of which those that the input forbids are -1e9."""
    node = helper.make_node
    weights = np.random.default_rng(seed).standard_normal((5, 5)).astype(np.float32)
    return save(
        path,
        [
            node("MatMul", ["x", "w"], ["l"]),
            node("Greater", ["x", "zero"], ["allowed"]),
            node("Where", ["allowed", "l", "mask"], ["logits"]),
        ],
        [("x", TensorProto.FLOAT, ["batch", 5])],
        [("logits", TensorProto.FLOAT, ["batch", 5])],
        [("w", weights), ("zero", np.float32(0)), ("mask", np.float32(-1e9))],
    )


def words(result) -> str:
    """What was printed, in one line."""
    return " ".join(result.out.split())


def test_unrelated_policies_with_masked_logits_differ(cli, tmp_path) -> None:
    """The model of the run decides, not the place in the list; every size but the evaluator's follows from these."""
    policy(tmp_path / "a.onnx", 0)
    policy(tmp_path / "b.onnx", 1)
    own = ("--model", "onnx=b.onnx")
    result = cli("check", "a.onnx", "--backends", "onnx,reference", *own, "--batch-sizes", "1,3,8")
    assert result.code == 1
    assert "onnx differs from reference at batch" in words(result)
    assert "reference differs" not in words(result)
    # Where outputs differ, it is clear already that comparing notices something.
    assert "would be noticed" not in result.out


@pytest.mark.parametrize(("noise", "code"), [(0.05, 0), (1.0, 1)])
def test_an_output_error_is_accepted_if_errors_are_allowed_and_another_model_is_not(cli, tmp_path, noise, code) -> None:
    """A twentieth of each weight is an error; weights of which as much is noise are another model."""
    random = np.random.default_rng(0)
    right = random.standard_normal((8, 6)).astype(np.float32)
    wrong = (right + noise * random.standard_normal((8, 6))).astype(np.float32)
    for name, weights in (("a.onnx", right), ("b.onnx", wrong)):
        save(
            tmp_path / name,
            [helper.make_node("MatMul", ["x", "w"], ["y"])],
            [("x", TensorProto.FLOAT, ["batch", 8])],
            [("y", TensorProto.FLOAT, ["batch", 6])],
            [("w", weights)],
        )
    asked = ("check", "a.onnx", "--backends", "onnx,reference", "--model", "onnx=b.onnx", "--batch-sizes", "1,3")
    result = cli(*asked, "--allow-error")
    assert result.code == code, result.out
    said = "outputs of onnx differ beyond the tolerance (output error 0." in words(result)
    assert said == ("onnx differs from reference" not in words(result)) == (not code)
    assert ("All outputs agree within the errors that are allowed." in words(result)) == (not code)


def test_a_time_major_output_agrees_row_by_row(cli, tmp_path) -> None:
    """Its batch axis is the second, as the model declares."""
    save(
        tmp_path / "turned.onnx",
        [helper.make_node("Transpose", ["x"], ["t"], perm=[1, 0, 2]), helper.make_node("Sin", ["t"], ["y"])],
        [("x", TensorProto.FLOAT, ["N", 7, 3])],
        [("y", TensorProto.FLOAT, [7, "N", 3])],
    )
    result = cli("check", "turned.onnx", "--backends", "onnx,reference", "--batch-sizes", "1,3")
    assert result.code == 0, result.out
    assert "All outputs agree." in result.out
    assert "note:" not in result.out


def test_a_random_model_is_called_random(cli, tmp_path) -> None:
    """Not one whose rows differ."""
    save(
        tmp_path / "noise.onnx",
        [helper.make_node("RandomNormalLike", ["x"], ["n"]), helper.make_node("Add", ["x", "n"], ["y"])],
        [("x", TensorProto.FLOAT, ["batch", 7])],
        [("y", TensorProto.FLOAT, ["batch", 7])],
    )
    result = cli("check", "noise.onnx", "--backends", "onnx", "--batch-sizes", "1,3")
    assert result.code == 1
    assert "the model is random or keeps state" in words(result)
    assert "rows" not in result.out


def test_it_is_told_how_many_changed_weights_would_be_noticed(cli, tmp_path) -> None:
    """On the screen and in the document; a tensor that the outputs hardly show is named."""
    weights = np.random.default_rng(0).standard_normal((2, 5, 5)).astype(np.float32)
    save(
        tmp_path / "hiding.onnx",
        [
            helper.make_node("MatMul", ["x", "shown"], ["a"]),
            helper.make_node("MatMul", ["x", "hidden"], ["b"]),
            helper.make_node("Mul", ["b", "tiny"], ["c"]),
            helper.make_node("Add", ["a", "c"], ["y"]),
        ],
        [("x", TensorProto.FLOAT, ["batch", 5])],
        [("y", TensorProto.FLOAT, ["batch", 5])],
        [("shown", weights[0]), ("hidden", weights[1]), ("tiny", np.float32(1e-6))],
    )
    result = cli("check", "hiding.onnx", "--backends", "onnx,reference", "--batch-sizes", "1,3", "--json")
    assert result.code == 0, result.err
    (note,) = json.loads(result.out)["notes"]
    assert note.startswith("of 2 weight tensors changed by 10 %, one at a time, 1 would be noticed, but not 'hidden'; ")
    assert "--input x=" in note


def test_a_dynamically_quantized_model_agrees_though_its_rows_share_a_scale(cli, tmp_path) -> None:
    """One scale for the whole batch couples the rows, which is a note and no difference."""
    weights = (
        np.random.default_rng(0).integers(-60, 60, (8, 6)).astype(np.int8)
    )  # larger ones saturate on some processors
    node = helper.make_node
    save(
        tmp_path / "dynamic.onnx",
        [
            node("DynamicQuantizeLinear", ["x"], ["q", "scale", "zero"]),
            node("MatMulInteger", ["q", "w", "zero"], ["sums"]),
            node("Cast", ["sums"], ["floats"], to=TensorProto.FLOAT),
            node("Mul", ["floats", "scale"], ["y"]),
        ],
        [("x", TensorProto.FLOAT, ["batch", 8])],
        [("y", TensorProto.FLOAT, ["batch", 6])],
        [("w", weights)],
    )
    result = cli("check", "dynamic.onnx", "--backends", "onnx,reference", "--batch-sizes", "1,3")
    assert result.code == 0, result.out
    assert "All outputs agree." in result.out
    assert "note: rows of a batch influence each other in this model" in words(result)


def test_each_failure_and_each_difference_is_said_once(cli, tmp_path) -> None:
    """A reason that several contenders share, too."""
    save(
        tmp_path / "a.onnx",
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        [("x", TensorProto.FLOAT, ["batch", 3])],
        [("y", TensorProto.FLOAT, ["batch", 3])],
        [("w", np.eye(3, dtype=np.float32))],
    )
    save(
        tmp_path / "b.onnx",
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        [("x", TensorProto.FLOAT, ["batch", 3])],
        [("y", TensorProto.FLOAT, ["batch", 3])],
        [("w", 2 * np.eye(3, dtype=np.float32))],
    )
    (tmp_path / "lacking.py").write_text(LACKING)
    lacking = ("-b", "lacking.py:Lacking:label=one", "-b", "lacking.py:Lacking:label=two")
    own = ("-b", "reference:label=base", "-b", "reference:label=other", "--model", "other=b.onnx")
    result = cli("check", "a.onnx", *own, *lacking, "--batch-sizes", "3")
    assert result.code == 1
    assert words(result).count("it takes no onnx models") == 1
    assert "two took no part: for the same reason as one" in words(result)
    assert words(result).count("other differs from base") == 1
    assert words(result).count("largest difference") <= 1


LACKING = """
from fault_injection.fake import FakeBackend

class Lacking(FakeBackend):
    name = "lacking"
    capabilities = FakeBackend.capabilities.__class__(formats=("nothing",))
"""
