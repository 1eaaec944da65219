"""Model files of a backend's own: the ending that it declares is read by every command."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import own_files

if TYPE_CHECKING:
    from pathlib import Path

SCALED, SHIFTED, REBUILT = (f"{own_files.__file__}:{name}" for name in ("Scaled", "Shifted", "Imported"))


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path) -> None:
    """Nothing is taken from the user's cache, and nothing put there."""
    monkeypatch.setenv("INFER_COMPARE_CACHE", str(tmp_path / "cache"))


def scl(folder: Path, factors: object = (1.0, 2.0, 3.0)) -> Path:
    """A model file of `Scaled`."""
    path = folder / "net.scl"
    path.write_text(json.dumps(factors), encoding="utf-8")
    return path


def save_onnx(path: Path, factors: list[float]) -> None:
    """The same model as an ONNX file."""
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", len(factors)]) for name in "xy")
    weights = numpy_helper.from_array(np.array(factors, np.float32), "factors")
    graph = helper.make_graph([helper.make_node("Mul", ["x", "factors"], ["y"])], "net", [x], [y], [weights])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


@pytest.mark.slow
def test_explain_calls_a_backends_own_file_native_and_names_its_inputs(cli, tmp_path) -> None:
    """They are those of its session."""
    scl(tmp_path)
    result = cli("explain", "net.scl", "-b", SCALED)
    assert (result.code, result.err) == (0, "")
    assert "input  x: float32[batch, 3]" in result.out
    assert "native: the framework's own format" in result.out


@pytest.mark.slow
def test_check_runs_a_backends_own_file_beside_the_same_model_in_onnx(cli, tmp_path) -> None:
    """Other factors are noticed."""
    scl(tmp_path)
    save_onnx(tmp_path / "net.onnx", [1.0, 2.0, 3.0])
    same = cli("check", "net.onnx", "--backends", "reference", "-b", SCALED, "--model", "scaled=net.scl", "--json")
    assert same.code == 0, same.err
    scl(tmp_path, [1.0, 2.0, 4.0])
    assert cli("check", "net.onnx", "--backends", "reference", "-b", SCALED, "--model", "scaled=net.scl").code == 1


def test_a_contenders_own_file_may_also_be_given_by_its_label(cli, tmp_path) -> None:
    """It counts more than the backend's name."""
    scl(tmp_path)
    save_onnx(tmp_path / "net.onnx", [1.0, 2.0, 3.0])
    mine = ("-b", f"{SCALED}:label=mine", "--model", "mine=net.scl")
    result = cli("run", "net.onnx", "--backends", "reference", *mine, "--dry-run")
    assert result.code == 0
    assert "contender    mine on cpu: scl" in result.out


@pytest.mark.slow
def test_a_file_made_for_one_batch_size_runs_at_that_size_and_says_so(cli, tmp_path) -> None:
    """As an ONNX file does whose batch cannot be made free."""
    scl(tmp_path, {"factors": [1.0, 2.0], "batch": 4})
    plan = cli("run", "net.scl", "-b", SCALED, "--dry-run")
    assert "batch sizes  4\n" in plan.out
    result = cli("explain", "net.scl", "-b", SCALED)
    assert "It runs at batch size 4 only. The batch axis of net.scl is fixed at 4 (input 'x'); export" in result.out
    checked = cli("check", "net.scl", "-b", SCALED, "--json")
    assert (checked.code, json.loads(checked.out)["agreements"][0]["point"]["batch"]) == (0, 4)


def test_a_files_backend_and_its_converters_are_found_by_the_names_in_it(cli, tmp_path) -> None:
    """`--python` and `--model` take the class's name, and other backends get what the file's converter writes."""
    scl(tmp_path)
    result = cli(
        "run", "net.scl", "-b", SCALED, "-b", "onnx", "-b", REBUILT, "--python", f"scaled={sys.executable}", "--dry-run"
    )
    assert result.code == 0, result.err
    assert "contender    scaled on cpu: scl\n" in result.out
    assert "contender    onnx on cpu: scl -> onnx (exported by own_files.py)\n" in result.out
    assert (
        "rebuilt on cpu: scl -> onnx (exported by own_files.py) -> rebuilt (imported by own_files.py:Imported)"
        in result.out
    )


@pytest.mark.slow
def test_what_the_converter_of_a_file_writes_computes_the_same(cli, tmp_path) -> None:
    """It runs in a process of its own, which finds it again by its file."""
    scl(tmp_path)
    result = cli("check", "net.scl", "-b", SCALED, "-b", "reference", "-b", REBUILT)
    assert (result.code, "All outputs agree" in result.out) == (0, True), result.err


@pytest.mark.slow
def test_a_file_beside_the_model_is_part_of_what_it_is(cli, tmp_path) -> None:
    """Its content is part of the hash."""
    (tmp_path / "net.sft").write_text("[1.0, 2.0]", encoding="utf-8")

    def sha256() -> str:
        result = cli("explain", "net.sft", "-b", SHIFTED, "--json")
        return str(json.loads(result.out)["model"]["sha256"])

    (tmp_path / "net.add").write_text("[0.0, 1.0]", encoding="utf-8")
    before = sha256()
    (tmp_path / "net.add").write_text("[0.0, 2.0]", encoding="utf-8")
    assert sha256() != before


@pytest.mark.parametrize(
    ("files", "arguments", "sentence"),
    [
        ({}, ("net.scl", "-b", SCALED), "There is no file net.scl; check the path."),
        ({"net.scl": ""}, ("net.scl", "-b", SCALED), "net.scl is empty; export the model again."),
        ({"net.sft": "[1]"}, ("net.sft", "-b", SHIFTED), "net.sft needs net.add beside it, which is missing; copy it"),
        (
            {"net.sft": "[1]", "net.add": "[0]"},
            ("net.add", "-b", SHIFTED),
            "net.add belongs to the model net.sft; name that file.",
        ),
        ({"net.scl": "["}, ("net.scl", "-b", SCALED), "net.scl is not JSON"),
        (
            {"net.abc": "x"},
            ("net.abc", "-b", SCALED),
            "net.abc is not a model in a format that can be read; a model file ends in .onnx, .keras, .pt2, .scl.",
        ),
        (
            {"net.scl": "[1]"},
            ("mlp", "-b", SCALED, "--model", "scald=net.scl"),
            "names 'scald', which is not a backend or a label; valid names are onnx, ",
        ),
        (
            {},
            ("mlp", "--backends", "reference", "-b", SCALED),
            "skipped: it takes no onnx models (it takes: scl)",
        ),
    ],
)
def test_bad_files_are_told_in_one_sentence(cli, tmp_path, files, arguments, sentence) -> None:
    """It says what to do."""
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    result = cli("run", *arguments, "--dry-run")
    assert sentence in result.err + result.out
    assert result.code == 2 or not result.err
