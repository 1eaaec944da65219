"""Models of single backends, their wiring, and what `explain` and `check` say of them: with real workers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from infer_compare.models.builtin import builtin_models

if TYPE_CHECKING:
    from pathlib import Path

BOTH = ("--backends", "onnx,reference")


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path) -> None:
    """Nothing is taken from the user's cache, and nothing put there."""
    monkeypatch.setenv("INFER_COMPARE_CACHE", str(tmp_path / "cache"))


def save(path: Path, nodes, inputs, outputs, constants=()) -> Path:
    """A small ONNX file; inputs and outputs are names with shapes."""
    values = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in ones]
        for ones in (inputs, outputs)
    ]
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants]
    graph = helper.make_graph(nodes, "small", *values, tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def pooled(path: Path, *, last: bool) -> Path:
    """The channels of an image, averaged and weighted; with the channels second or last."""
    axes = [1, 2] if last else [2, 3]
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["mean"], axes=axes, keepdims=0),
        helper.make_node("Mul", ["mean", "w"], ["scores"]),
    ]
    image = ["batch", 6, 5, 3] if last else ["batch", 3, 6, 5]
    weights = np.array([1.0, -2.0, 3.0], np.float32)
    return save(path, nodes, [("image", image)], [("scores", ["batch", 3])], [("w", weights)])


def pair(path: Path, *, swapped: bool) -> Path:
    """A sum and a difference of two inputs, in one order or the other."""
    nodes = [helper.make_node("Add", ["a", "b"], ["sum"]), helper.make_node("Sub", ["a", "b"], ["difference"])]
    row = ["batch", 4]
    names, results = ("a", "b"), ("sum", "difference")
    order = -1 if swapped else 1
    return save(path, nodes, [(one, row) for one in names[::order]], [(one, row) for one in results[::order]])


@pytest.mark.slow
def test_explain_tells_each_way_and_converts_nothing(cli, tmp_path) -> None:
    """What a backend takes as it is, and what it renders."""
    result = cli("explain", "mlp", "--backends", "onnx,torch", "--json")
    assert result.code == 0
    found = {one["contender"]: one for one in json.loads(result.out)["ways"]}
    assert found["onnx"]["provenance"] == "native"
    assert found["torch"]["chain"] == ["onnx", "torch (imported)"]
    assert (found["torch"]["cost"], found["onnx"]["cost"]) == (1.0, 0.0)
    assert all(one["loaded"] for one in found.values())
    assert not (tmp_path / "cache").exists()


def fused(path: Path) -> Path:
    """A file with an operator that ONNX Runtime alone has, of a name that ONNX has too."""
    nodes = [helper.make_node("Gelu", ["x"], ["y"], domain="com.microsoft")]
    save(path, nodes, [("x", ["batch", 4])], [("y", ["batch", 4])])
    model = onnx.load(path)
    model.opset_import.add(domain="com.microsoft", version=1)
    onnx.save(model, path)
    return path


def test_explain_names_the_operators_that_a_backend_lacks_and_exits_with_1(cli, tmp_path) -> None:
    """With their domain: ONNX Runtime's Gelu is not ONNX's."""
    fused(tmp_path / "fused.onnx")
    result = cli("explain", "fused.onnx", *BOTH)
    assert result.code == 1
    assert "onnx       onnx  (cost 0)" in result.out
    assert "reference  not reached: " in result.out
    assert "it has no operator com.microsoft.Gelu" in result.out


@pytest.mark.slow
def test_explain_names_what_to_do_about_operators_of_other_domains(cli, tmp_path) -> None:
    """The file from before they were fused, or a model of the backend's own."""
    fused(tmp_path / "fused.onnx")
    result = cli("explain", "fused.onnx", "--backends", "onnx,torch,tensorflow")
    assert result.code == 1
    for name in ("torch", "tensorflow"):
        (line,) = (one for one in result.out.splitlines() if one.startswith(f"{name} "))
        assert "com.microsoft.Gelu" in line
        assert f"--model {name}=FILE" in line


def test_without_conversion_only_the_models_own_framework_is_left(cli, tmp_path) -> None:
    """And the others say why they are missing."""
    make_net(tmp_path)
    result = cli("explain", "net_of_a_user.py:make", "--backends", "torch,onnx", "--no-convert")
    assert result.code == 1
    assert "torch  nn.Module  (cost 0)" in result.out
    assert "--no-convert is set" in result.out


def make_net(folder: Path) -> None:
    """A user's file with a network of torch's own modules, and random weights."""
    (folder / "net_of_a_user.py").write_text(
        "import torch\n"
        "from infer_compare import ModelSpec\n"
        "def make():\n"
        "    net = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.GELU(), torch.nn.Linear(16, 4))\n"
        "    return ModelSpec(net, inputs=['x:f32[batch,8]'])\n"
    )


@pytest.mark.slow
def test_a_network_in_a_users_file_agrees_on_every_framework(cli, tmp_path) -> None:
    """Native in torch, exported for onnx; converted once, and kept."""
    make_net(tmp_path)
    arguments = ("check", "net_of_a_user.py:make", "--backends", "torch,onnx", "--json")
    result = cli(*arguments)
    assert result.code == 0, result.out + result.err
    told = json.loads(result.out)
    assert {one["label"]: one["provenance"] for one in told["contenders"]} == {"torch": "native", "onnx": "exported"}
    assert [one["verdict"] for one in told["agreements"]] == ["agrees", "agrees"]
    kept = list((tmp_path / "cache").rglob("*.onnx"))
    assert len(kept) == 1
    before = kept[0].stat().st_mtime_ns
    assert cli(*arguments).code == 0
    assert kept[0].stat().st_mtime_ns == before


def test_check_exits_with_1_where_outputs_differ(cli, tmp_path) -> None:
    """Other weights are another model."""
    onnx.save(builtin_models()["mlp"].build(1), tmp_path / "other.onnx")
    result = cli("check", "mlp", "--model", "onnx=other.onnx", *BOTH)
    assert result.code == 1
    assert "differs from" in result.out


def test_the_contender_of_a_label_gets_a_model_of_its_own(cli, tmp_path) -> None:
    """Its backend's other contenders keep the run's."""
    onnx.save(builtin_models()["mlp"].build(1), tmp_path / "other.onnx")
    labels = ("-b", "reference:label=base", "-b", "reference:label=variant")
    differs = cli("check", "mlp", *labels, "--model", "variant=other.onnx", "--batch-sizes", "2")
    assert differs.code == 1
    assert "differs from" in differs.out


def test_a_label_goes_before_a_backend(cli, tmp_path) -> None:
    """A model that is named for the backend goes to the rest of its contenders."""
    onnx.save(builtin_models()["mlp"].build(1), tmp_path / "other.onnx")
    labels = ("-b", "reference:label=base", "-b", "reference:label=variant")
    result = cli("explain", *labels, "--model", "variant=mlp", "--model", "reference=other.onnx", "--json")
    assert result.code == 0, result.err
    assert {one["contender"] for one in json.loads(result.out)["ways"]} == {"base", "variant"}


def test_inputs_of_a_labels_own_model_are_mapped_and_transposed_by_its_label(cli, tmp_path) -> None:
    """As those of a backend's own model are."""
    pooled(tmp_path / "first.onnx", last=False)
    pooled(tmp_path / "last.onnx", last=True)
    labels = ("-b", "reference:label=base", "-b", "reference:label=last")
    own = ("--model", "last=last.onnx", "--batch-sizes", "2")
    refused = cli("check", "first.onnx", *labels, *own)
    assert "--layout last=NHWC transposes images" in refused.err
    assert (
        cli("check", "first.onnx", *labels, *own, "--layout", "last=NHWC", "--input-map", "last:image=image").code == 0
    )


@pytest.mark.parametrize("text", ["reference:label= own", 'reference:label="own"', "reference:label=own@cpu"])
def test_a_label_is_read_for_its_model_as_it_is_for_the_contender(cli, tmp_path, text) -> None:
    """Spaces, quotation marks and a device around it included."""
    onnx.save(builtin_models()["mlp"].build(1), tmp_path / "other.onnx")
    result = cli("run", "mlp", "--dry-run", "-b", "reference:label=base", "-b", text, "--model", "own=other.onnx")
    assert result.code == 0, result.err


def test_a_model_for_a_name_that_is_neither_backend_nor_label_is_refused(cli) -> None:
    """With the names that there are."""
    result = cli("check", "mlp", "-b", "reference:label=base", "--model", "bse=other.onnx")
    assert result.code == 2
    assert "'bse', which is not a backend or a label; valid names are base," in result.err


def test_a_model_with_channels_last_gets_its_images_so(cli, tmp_path) -> None:
    """Transposed outside the clock; without the option the shapes are refused, with the option to use."""
    pooled(tmp_path / "first.onnx", last=False)
    pooled(tmp_path / "last.onnx", last=True)
    arguments = ("check", "first.onnx", "--model", "reference=last.onnx", *BOTH)
    refused = cli(*arguments)
    assert refused.code == 2
    assert "--layout reference=NHWC transposes images" in refused.err
    assert cli(*arguments, "--layout", "reference=NHWC").code == 0


def test_a_layout_of_the_model_that_the_inputs_are_made_for_is_refused(cli, tmp_path) -> None:
    """It would be ignored in silence."""
    pooled(tmp_path / "first.onnx", last=False)
    pooled(tmp_path / "last.onnx", last=True)
    models = ("--model", "onnx=first.onnx", "--model", "reference=last.onnx")
    refused = cli("check", *models, *BOTH, "--layout", "onnx=NCHW")
    assert refused.code == 2
    assert "--layout onnx=NCHW has no effect" in refused.err


def test_a_single_contender_is_not_said_to_agree(cli) -> None:
    """With whom?"""
    result = cli("check", "mlp", "--backends", "onnx")
    assert result.code == 0
    assert "onnx has nothing to be compared with" in result.out
    assert "agree" not in result.out.splitlines()[-1]


def test_inputs_and_outputs_of_the_same_names_may_be_in_another_order(cli, tmp_path) -> None:
    """By position they would differ."""
    pair(tmp_path / "ab.onnx", swapped=False)
    pair(tmp_path / "ba.onnx", swapped=True)
    assert cli("check", "ab.onnx", "--model", "reference=ba.onnx", *BOTH).code == 0


def test_inputs_and_outputs_of_other_names_are_mapped(cli, tmp_path) -> None:
    """They are taken by position, unless it is said which is which."""
    pair(tmp_path / "ab.onnx", swapped=False)
    nodes = [helper.make_node("Sub", ["p", "q"], ["minus"]), helper.make_node("Add", ["p", "q"], ["plus"])]
    row = ["batch", 4]
    save(tmp_path / "qp.onnx", nodes, [("q", row), ("p", row)], [("minus", row), ("plus", row)])
    arguments = ("check", "ab.onnx", "--model", "reference=qp.onnx", *BOTH)
    assert cli(*arguments).code == 1
    inputs = ("--input-map", "reference:p=a", "--input-map", "reference:q=b")
    outputs = ("--output-map", "reference:plus=sum", "--output-map", "reference:minus=difference")
    assert cli(*arguments, *inputs, *outputs).code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--python", "onnx=/no/such/python"), "there is no program /no/such/python"),
        (("--python", "onnx"), "is not in the form BACKEND=VALUE"),
        (("--python", "torch=/bin/sh"), "'torch', which is not in this run"),
        (("--layout", "onnx=NHWC"), "give one with --model onnx=FILE"),
        (("--layout", "onnx=WHCN"), "write one of NHWC, NCHW"),
        (("--model", "onnx=missing.onnx"), "missing.onnx"),
        (("--model", "a.onnx"), "given twice"),
        (("--input-map", "reference:x=y"), "has no separate model"),
        (("--data", "missing.npz"), "There is no data set missing.npz"),
        (("--rtol", "0"), "rtol"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(cli, arguments, says) -> None:
    """Exit code 2, nothing started, no traceback."""
    result = cli("check", "mlp", *BOTH, *arguments)
    assert result.code == 2
    assert says in result.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--scope", "dataset"), "name one with --data"),
        (("--scope", "dataset", "--data", "d.npz", "--latency-bound", "5ms"), "leave one out"),
        (("--scope", "dataset", "--data", "d.npz", "--batch-sizes", "2,64"), "fewer than a batch of 64"),
        (("--data", "d.npz", "--input", "features=ones"), "leave one of them out"),
    ],
)
def test_a_data_set_that_cannot_serve_is_said_in_a_sentence(cli, tmp_path, arguments, says) -> None:
    """None, too small, or not alone."""
    np.savez(tmp_path / "d.npz", features=np.ones((10, 64), np.float32))
    result = cli("run", "mlp", *BOTH, *arguments)
    assert result.code == 2
    assert says in result.err
    assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").iterdir())


@pytest.mark.parametrize("name", ["net.pt2", "net.keras", "net.onnx"])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        pytest.param(b"not a model", marks=pytest.mark.slow),
        pytest.param(b"PK\x03\x04 torn", marks=pytest.mark.slow),
    ],
)
def test_a_file_that_is_no_model_is_refused(cli, tmp_path, name, content) -> None:
    """Empty, of another kind, cut short: one sentence that names the file."""
    (tmp_path / name).write_bytes(content)
    result = cli("explain", name)
    assert result.code == 2
    assert name in result.err
    assert len(result.err.strip().splitlines()) == 1


def test_a_batch_in_the_second_axis_and_a_shared_scalar_are_run_and_told(cli, tmp_path) -> None:
    """Contenders agree, and a sentence says what has no batch."""
    nodes = [helper.make_node("Mul", ["x", "rate"], ["h"]), helper.make_node("Tanh", ["h"], ["y"])]
    save(tmp_path / "net.onnx", nodes, [("x", ["seq", "batch", 5]), ("rate", [])], [("y", ["seq", "batch", 5])])
    refused = cli("check", "net.onnx", *BOTH)
    assert refused.code == 2
    assert (
        "The axis 'seq' of input 'x' has no fixed size; give one, for example --input 'x:f32[128,batch,5]'"
        in refused.err
    )
    result = cli("check", "net.onnx", *BOTH, "--input", "x:f32[20,batch,5]", "--batch-sizes", "1,3")
    assert result.code == 0, result.out + result.err
    assert "The input 'rate' has no batch axis" in result.err


@pytest.mark.slow
def test_bfloat16_goes_in_and_out_of_every_framework(cli, tmp_path) -> None:
    """Sums in single precision, rounded at both ends."""
    nodes = [
        helper.make_node("Cast", ["x"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["wide", "wide"], ["sum"]),
        helper.make_node("Cast", ["sum"], ["y"], to=TensorProto.BFLOAT16),
    ]
    values = [helper.make_tensor_value_info(name, TensorProto.BFLOAT16, ["batch", 4]) for name in "xy"]
    graph = helper.make_graph(nodes, "narrow", values[:1], values[1:])
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "net.onnx"
    )
    result = cli("check", "net.onnx", "--backends", "onnx,torch,tensorflow,reference")
    assert result.code == 0, result.out + result.err
    assert "All outputs agree." in result.out
