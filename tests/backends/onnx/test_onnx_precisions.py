"""What ONNX Runtime computes in: models made float16 or int8, and what the session reads back from the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from infer_compare.backends import Device, ModelSource, OptionError, Settings, UnsupportedModel
from infer_compare_onnx import OnnxBackend, OnnxOptions
from infer_compare_onnx.graph_precision import precision_of_graph

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CPU = Device("cpu")


def made(source: ModelSource, folder: Path, precision: str, rows: int = 16, **options: Any) -> ModelSource:
    """The model in another precision, calibrated with random rows."""
    backend = OnnxBackend(Settings(options=OnnxOptions(**options), threads=1, precision=precision))
    shapes = [
        [axis.dim_value or 4 for axis in value.type.tensor_type.shape.dim]
        for value in onnx.load(source.path).graph.input
    ]
    rng = np.random.default_rng(0)
    batches = [[rng.standard_normal(shape, np.float32) for shape in shapes] for _ in range(rows // 4)]
    folder.mkdir()
    return backend.write_variant(source, CPU, batches, folder)


def outputs(source: ModelSource, batch: Sequence[np.ndarray]) -> tuple[np.ndarray, str]:
    """What a session gives, and the precision that it says."""
    with OnnxBackend(Settings(options=OnnxOptions(), threads=1)).to_device(source.path, CPU) as session:
        slot = session.stage(batch)
        session.run(slot)
        return session.fetch(slot)[0], session.effective["precision"]


def weights(*shape: int) -> np.ndarray:
    """Random weights that keep the scale of what comes in; a bias where there is one axis."""
    rng = np.random.default_rng(list(shape))
    return (rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)


@pytest.fixture
def net(tmp_path: Path) -> ModelSource:
    """Two convolutions with a residual sum, and a classifier whose weight is transposed."""
    nodes = [
        helper.make_node("Conv", ["x", "w0", "b0"], ["c0"], name="first", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c0"], ["r0"], name="relu"),
        helper.make_node("Conv", ["r0", "w1", "b1"], ["c1"], name="second", pads=[1, 1, 1, 1]),
        helper.make_node("Add", ["r0", "c1"], ["s"], name="sum"),
        helper.make_node("GlobalAveragePool", ["s"], ["g"], name="pool"),
        helper.make_node("Flatten", ["g"], ["f"], name="flatten"),
        helper.make_node("Gemm", ["f", "w2", "b2"], ["y"], name="classifier", transB=1),
    ]
    arrays = {
        "w0": weights(16, 3, 3, 3),
        "b0": weights(16),
        "w1": weights(16, 16, 3, 3),
        "b1": weights(16),
        "w2": weights(5, 16),
        "b2": weights(5),
    }
    return write(tmp_path, nodes, arrays, ["batch", 3, 8, 8], ["batch", 5])


@pytest.fixture
def products(tmp_path: Path) -> ModelSource:
    """Matrix products with and without weights, a normalisation and a softmax."""
    nodes = [
        helper.make_node("MatMul", ["x", "w0"], ["q"], name="query"),
        helper.make_node("Transpose", ["q"], ["t"], name="turn", perm=[0, 2, 1]),
        helper.make_node("MatMul", ["q", "t"], ["scores"], name="scores"),
        helper.make_node("Softmax", ["scores"], ["p"], name="softmax"),
        helper.make_node("MatMul", ["p", "q"], ["a"], name="attention"),
        helper.make_node("Add", ["a", "x"], ["r"], name="residual"),
        helper.make_node("LayerNormalization", ["r", "scale"], ["n"], name="normalise"),
        helper.make_node("MatMul", ["n", "w1"], ["y"], name="project"),
    ]
    arrays = {"w0": weights(16, 16), "w1": weights(16, 16), "scale": np.ones(16, np.float32)}
    return write(tmp_path, nodes, arrays, ["batch", 6, 16], ["batch", 6, 16], name="products")


def write(
    folder: Path,
    nodes: Sequence[onnx.NodeProto],
    arrays: dict[str, np.ndarray],
    shape: Sequence[int | str],
    result: Sequence[int | str],
    *,
    opset: int = 18,
    dtype: int = TensorProto.FLOAT,
    name: str = "net",
) -> ModelSource:
    """Write a model of one input and one output."""
    graph = helper.make_graph(
        list(nodes),
        name,
        [helper.make_tensor_value_info("x", dtype, shape)],
        [helper.make_tensor_value_info("y", dtype, result)],
        [numpy_helper.from_array(array, key) for key, array in arrays.items()],
        # As exporters do; a tool that transposes a weight must not believe it any more.
        value_info=[helper.make_tensor_value_info(key, dtype, array.shape) for key, array in arrays.items()],
    )
    path = folder / f"{name}.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9), path)
    return ModelSource(format="onnx", location=str(path), name=name)


def deviation(source: ModelSource, other: ModelSource, shape: Sequence[int]) -> tuple[float, str]:
    """The largest difference of outputs, relative to the largest output, and the precision of the other."""
    batch = [np.random.default_rng(7).standard_normal(shape, np.float32)]
    expected, own = outputs(source, batch)
    got, precision = outputs(other, batch)
    assert own == "float32"
    assert got.dtype == expected.dtype
    return float(np.abs(got - expected).max() / np.abs(expected).max()), precision


def test_int8_is_static_for_convolutions_and_dynamic_for_matrix_products(net, products) -> None:
    """Only static int8 asks for rows to be calibrated with; what is asked for by name is done."""

    def plan(source: ModelSource, **options: Any) -> tuple[str, int]:
        settings = Settings(options=OnnxOptions(**options), threads=1, precision="int8")
        planned = OnnxBackend(settings).plan_variant(source, CPU)
        assert planned is not None
        return planned.text, planned.rows

    assert plan(net) == ("int8 (static)", 64)
    assert plan(products) == ("int8 (dynamic)", 0)
    assert plan(net, quantization="dynamic") == ("int8 (dynamic)", 0)
    static = plan(products, quantization="static", per_channel=True, calibration_rows=9)
    assert static == ("int8 (static, per channel)", 9)


@pytest.mark.parametrize("options", [{}, {"per_channel": True}, {"quantization": "dynamic"}])
def test_a_convolutional_model_in_int8_computes_nearly_the_same(net, tmp_path: Path, options) -> None:
    """Well within the tolerance of int8, on every processor, although a classifier's weight is transposed."""
    error, precision = deviation(net, made(net, tmp_path / "int8", "int8", **options), (4, 3, 8, 8))
    assert 0 < error < 0.05
    assert precision == "int8"


@pytest.mark.parametrize("options", [{}, {"quantization": "static"}])
def test_attention_in_int8_keeps_softmax_and_normalisation_in_float32(products, tmp_path: Path, options) -> None:
    """Products of activations too."""
    other = made(products, tmp_path / "int8", "int8", **options)
    error, precision = deviation(products, other, (4, 6, 16))
    assert 0 < error < 0.05
    assert precision == "int8"
    graph = onnx.load(other.path).graph
    makers = {output: node.op_type for node in graph.node for output in node.output}
    for node in graph.node:
        if node.op_type in {"Softmax", "LayerNormalization"}:
            assert makers[node.input[0]] in {"MatMul", "Mul", "Add"}, "no rounded input"


def test_nodes_that_are_excluded_stay_float32(net, tmp_path: Path) -> None:
    """By type or by name; a name that no node has is refused with the types that there are."""
    other = made(net, tmp_path / "int8", "int8", exclude="Gemm+first")
    graph = onnx.load(other.path).graph
    makers = {output: node.op_type for node in graph.node for output in node.output}
    reads = {node.name: makers.get(node.input[1]) for node in graph.node if node.op_type in {"Conv", "Gemm"}}
    assert reads == {"first": None, "second": "DequantizeLinear", "classifier": None}
    with pytest.raises(UnsupportedModel, match="no node is called Softmax; there are nodes of Add, Conv"):
        made(net, tmp_path / "again", "int8", exclude="Softmax")


def test_a_model_in_float16_keeps_the_types_of_its_inputs_and_outputs(net, tmp_path: Path) -> None:
    """The session says float16 all the same, read from its graph."""
    error, precision = deviation(net, made(net, tmp_path / "half", "float16"), (4, 3, 8, 8))
    assert 0 < error < 0.01
    assert precision == "float16"


def test_a_model_with_a_fixed_batch_is_calibrated_with_batches_of_that_size(tmp_path: Path) -> None:
    """As the rows come."""
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], name="product")]
    source = write(tmp_path, nodes, {"w": weights(8, 8)}, [2, 8], [2, 8])
    error, precision = deviation(
        source, made(source, tmp_path / "int8", "int8", rows=128, quantization="static"), (2, 8)
    )
    assert error < 0.05
    assert precision == "int8"


def test_an_old_opset_is_raised(tmp_path: Path) -> None:
    """Scales for each channel need opset 13."""
    nodes = [helper.make_node("Gemm", ["x", "w", "b"], ["y"], name="product", transB=1)]
    source = write(tmp_path, nodes, {"w": weights(8, 8), "b": weights(8)}, ["batch", 8], ["batch", 8], opset=9)
    other = made(source, tmp_path / "int8", "int8", quantization="static", per_channel=True)
    assert deviation(source, other, (4, 8))[1] == "int8"


def test_external_weights_are_quantised(net, tmp_path: Path) -> None:
    """From the file beside the model."""
    path = tmp_path / "outside.onnx"
    onnx.save(onnx.load(net.path), path, save_as_external_data=True, location="outside.bin", size_threshold=0)
    source = ModelSource(format="onnx", location=str(path), name="outside")
    assert deviation(net, made(source, tmp_path / "int8", "int8"), (4, 3, 8, 8))[1] == "int8"
    assert deviation(net, made(source, tmp_path / "half", "float16"), (4, 3, 8, 8))[1] == "float16"


def test_a_large_model_is_written_with_its_weights_beside_it(net, tmp_path: Path, monkeypatch) -> None:
    """No file of protobuf has 2 GiB."""
    monkeypatch.setattr("infer_compare_onnx.quantization.LARGE_BYTES", 1)
    monkeypatch.setattr("infer_compare_onnx.half.LARGE_BYTES", 1)
    for precision in ("int8", "float16"):
        other = made(net, tmp_path / precision, precision)
        assert len(list(other.path.parent.iterdir())) == 2
        assert deviation(net, other, (4, 3, 8, 8))[1] == precision


def test_a_model_without_weights_cannot_be_int8(double, tmp_path: Path) -> None:
    """It would be float32 under another name."""
    with pytest.raises(UnsupportedModel, match="Nothing in small can be computed in int8"):
        made(double, tmp_path / "int8", "int8")


def test_a_file_that_is_int8_already_is_taken_as_it_is(net, tmp_path: Path) -> None:
    """And is refused where float16 is asked for, which would be made of rounded numbers."""
    quantised = made(net, tmp_path / "int8", "int8")
    same = OnnxBackend(Settings(options=OnnxOptions(), threads=1, precision="int8"))
    other = OnnxBackend(Settings(options=OnnxOptions(), threads=1, precision="float16"))
    assert same.plan_variant(quantised, CPU) is None
    with pytest.raises(UnsupportedModel, match="computes in int8; precision=float16 needs the model in float32"):
        other.plan_variant(quantised, CPU)


@pytest.mark.parametrize(
    ("nodes", "arrays", "dtype", "expected"),
    [
        ([helper.make_node("Add", ["x", "x"], ["y"])], {}, TensorProto.FLOAT, None),
        ([helper.make_node("Add", ["x", "w"], ["y"])], {"w": np.ones(4, np.float64)}, TensorProto.DOUBLE, "float64"),
        ([helper.make_node("Add", ["x", "w"], ["y"])], {"w": np.ones(4, np.float32)}, TensorProto.FLOAT, "float32"),
        (
            [
                helper.make_node("Cast", ["x"], ["h"], to=TensorProto.BFLOAT16),
                helper.make_node("Cast", ["h"], ["y"], to=TensorProto.FLOAT),
            ],
            {},
            TensorProto.FLOAT,
            "bfloat16",
        ),
        (
            [
                helper.make_node("DequantizeLinear", ["w", "scale"], ["h"]),
                helper.make_node("Add", ["x", "h"], ["y"]),
            ],
            {"w": np.ones(4, np.int8), "scale": np.ones((), np.float32)},
            TensorProto.FLOAT,
            "int8",
        ),
        (
            [
                helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
                helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"]),
            ],
            {},
            TensorProto.FLOAT,
            "int8",
        ),
    ],
)  # fmt: skip
def test_the_precision_is_read_from_the_operators_and_weights_of_a_file(
    nodes, arrays, dtype, expected, tmp_path: Path
) -> None:
    """Without loading it."""
    assert precision_of_graph(write(tmp_path, nodes, arrays, ["batch", 4], ["batch", 4], dtype=dtype).path) == expected


def test_a_branch_of_a_condition_counts(tmp_path: Path) -> None:
    """Subgraphs are part of what the session runs."""
    branch = helper.make_graph(
        [helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"])],
        "branch",
        [],
        [helper.make_tensor_value_info("s", TensorProto.FLOAT, [])],
    )
    nodes = [helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)]
    source = write(tmp_path, nodes, {"c": np.array(True)}, ["batch", 4], [])
    assert precision_of_graph(source.path) == "int8"


@pytest.mark.parametrize("data", [b"", b"not a model", b"\x3a\xff\xff\xff\xff\x0f", bytes(range(256)) * 4])
def test_a_file_that_is_no_model_has_no_precision(tmp_path: Path, data: bytes) -> None:
    """Loading it says what is wrong."""
    path = tmp_path / "broken.onnx"
    path.write_bytes(data)
    assert precision_of_graph(path) is None


@pytest.mark.parametrize(
    ("precision", "options", "said"),
    [
        (None, {"quantization": "static"}, "quantization=static"),
        ("float16", {"per_channel": True}, "per_channel=true"),
        ("float32", {"exclude": "Conv"}, "exclude=Conv"),
    ],
)
def test_an_option_that_has_no_effect_in_a_precision_is_refused(precision, options, said) -> None:
    """With what to add."""
    with pytest.raises(OptionError, match=f"onnx: {said} has an effect only with precision=int8"):
        OnnxBackend(Settings(options=OnnxOptions(**options), threads=1, precision=precision))
