"""Small ONNX graphs rendered by TensorFlow, against ONNX's reference, at several batch sizes of one trace."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from infer_compare.backends import Device, UnsupportedModel

from ..onnx_graphs import (
    BATCHES,
    CASES,
    EARLIER,
    GRAPHS,
    OTHER_REFERENCES,
    WINDOWS,
    batch_for,
    compare,
    model_of,
    onnx_runtime,
    reference,
    window_model,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import onnx
    from numpy.typing import NDArray

    from infer_compare_tensorflow import TensorFlowBackend
    from infer_compare_tensorflow.session import TensorFlowSession

    from ..onnx_graphs import Reference

    Render = Callable[..., TensorFlowSession]


@pytest.fixture
def render(backend: TensorFlowBackend) -> Render:
    """Makes a session of a model without a file."""
    backend.version()
    from infer_compare_tensorflow.importer import import_onnx
    from infer_compare_tensorflow.session import TensorFlowSession

    return lambda model, jit=False: TensorFlowSession(import_onnx(model), Device("cpu"), jit_compile=jit)


def outputs_of(session: TensorFlowSession, arrays: list[NDArray[Any]]) -> list[NDArray[Any]]:
    """One batch through a session."""
    slot = session.stage(arrays)
    session.run(slot)
    return list(session.fetch(slot))


def check(
    render: Render,
    model: onnx.ModelProto,
    *,
    batches: tuple[int, ...] = BATCHES,
    jit: bool = False,
    rtol: float = 1e-4,
    exact: bool = False,
    expected_by: Reference = reference,
) -> None:
    """Compares one session with another implementation at each batch size."""
    with render(model, jit) as session:
        run = partial(outputs_of, session)
        rtol, atol = (0.0, 0.0) if exact else (rtol, 1e-5)
        compare(model, run, batches=batches, expected_by=expected_by, rtol=rtol, atol=atol)
        assert jit or session.compilations() == 1


@pytest.mark.parametrize(("family", "name"), CASES)
def test_a_graph_equals_the_reference_at_every_batch_size_of_one_trace(render: Render, family: str, name: str) -> None:
    """The trace has a free batch axis, and integers are exact."""
    check(
        render,
        model_of(*GRAPHS[name]),
        exact=family == "quantized",
        expected_by=OTHER_REFERENCES.get(family, reference),
    )


@pytest.mark.parametrize(
    "name", ["convolution_norm_and_relu_and_back_to_a_vector", "channels_are_joined_split_and_sliced", "resize_linear"]
)
def test_xla_computes_images_as_the_reference_does(render: Render, name: str) -> None:
    """XLA knows fewer forms of some operators, and the import keeps to them."""
    check(render, model_of(*GRAPHS[name]), batches=(1, 3), jit=True)


@pytest.mark.parametrize("name", EARLIER)
def test_earlier_versions_of_an_operator_keep_their_meaning(render: Render, name: str) -> None:
    """An operator means what its schema at the model's opset says, not what a later one says."""
    opset, text, expected = EARLIER[name]
    model = model_of(opset, text)
    with render(model) as session:
        for size in BATCHES:
            arrays = batch_for(model, size)
            np.testing.assert_allclose(outputs_of(session, arrays)[0], expected(arrays[0]), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("op_type", "weight", "rank", "attributes"), WINDOWS)
def test_windows_lie_where_onnx_puts_them(
    render: Render, op_type: str, weight: tuple[int, ...], rank: int, attributes: dict[str, Any]
) -> None:
    """Convolutions and pools follow every rule of padding, dilation and rounding, also merged with what follows."""
    check(render, window_model(op_type, weight, rank, **attributes), batches=(1, 3))


@pytest.mark.parametrize("op_type", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("times", [4, "time"], ids=["written out", "loop"])
def test_recurrent_layers_equal_onnx_runtime(render: Render, op_type: str, direction: str, times: int | str) -> None:
    """All outputs and last states, for sequences of several lengths and the batch sizes of one trace."""
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[op_type]
    directions = 2 if direction == "bidirectional" else 1
    rng = np.random.default_rng(3)
    shapes = {"w": (directions, gates * 5, 3), "r": (directions, gates * 5, 5), "b": (directions, 2 * gates * 5)}
    weights = {name: rng.standard_normal(shape).astype(np.float32) * 0.4 for name, shape in shapes.items()}
    outputs = ["y", "h", "c"] if op_type == "LSTM" else ["y", "h"]
    extra = {"linear_before_reset": 1} if op_type == "GRU" else {}
    graph = helper.make_graph(
        [helper.make_node(op_type, ["x", *weights, "n"], outputs, hidden_size=5, direction=direction, **extra)],
        "g",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, [times, "batch", 3]),
            helper.make_tensor_value_info("n", TensorProto.INT32, ["batch"]),
        ],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    compute = onnx_runtime(model)
    with render(model) as session:
        for size in (1, 3):
            x = rng.standard_normal((4, size, 3)).astype(np.float32)
            n = np.array([4, 2, 3][:size], np.int32)
            for one, other in zip(outputs_of(session, [x, n]), compute({"x": x, "n": n}), strict=True):
                assert one.shape == other.shape
                np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
        kinds = {operation.type for operation in session._concrete.graph.get_operations()}
        assert any("While" in kind for kind in kinds) == (times == "time")


def test_constants_are_computed_while_tracing(render: Render) -> None:
    """What does not depend on the inputs costs nothing at run time."""
    model = model_of(
        13,
        """(float[N,3] x) => (float[N,3] y) {
        a = Constant<value = float[3] {1.,2.,3.}>() b = Exp(a) c = Mul(b, a) d = Softmax(c) y = Add(x, d) }""",
    )
    with render(model) as session:
        kinds = {operation.type for operation in session._concrete.graph.get_operations()}
    assert "AddV2" in kinds
    assert not kinds & {"Exp", "Mul", "Softmax"}


def test_images_stay_in_one_layout_between_convolutions(render: Render) -> None:
    """Only the way in and the way out transpose."""
    layer = (
        "w = Constant<value = float[2,2,1,1] {1.,2.,3.,4.}>() a = Conv(x, w) b = Relu(a) c = Conv(b, w) d = Add(c, b)"
    )
    model = model_of(
        13, f"(float[N,2,4,4] x) => (float[N,2,4,4] y) {{ {layer} y = MaxPool<kernel_shape = [1, 1]>(d) }}"
    )
    with render(model) as session:
        kinds = [operation.type for operation in session._concrete.graph.get_operations()]
    assert kinds.count("Conv2D") == 2
    assert kinds.count("Transpose") == 2


def test_weights_are_transposed_while_tracing_and_not_in_every_product(render: Render) -> None:
    """Exporters write linear layers and recurrent ones with transposed weights, which the product would copy in every call."""
    rng = np.random.default_rng(0)
    weights = {"w": (1, 20, 3), "r": (1, 20, 5), "m": (4, 5)}
    graph = helper.make_graph(
        [
            helper.make_node("LSTM", ["x", "w", "r"], ["", "h"], hidden_size=5),
            helper.make_node("Squeeze", ["h", "zero"], ["last"]),
            helper.make_node("Gemm", ["last", "m"], ["y"], transB=1),
        ],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, "N", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 4])],
        [
            *(numpy_helper.from_array(rng.random(shape, np.float32), name) for name, shape in weights.items()),
            numpy_helper.from_array(np.zeros(1, np.int64), "zero"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    with render(model) as session:
        operations = session._concrete.graph.get_operations()
    products = [operation for operation in operations if operation.type == "MatMul"]
    assert len(products) == 4
    assert not any(operation.get_attr("transpose_b") for operation in products)
    assert "Transpose" not in {operation.type for operation in operations}
    check(render, model)


@pytest.mark.parametrize("target", ["-1,3,16", "0,3,-1", "-1,3,8,2", "0,-1,16", "-1,2,24", "2,-1,3,16"])
def test_a_reshape_that_keeps_the_channels_moves_nothing(render: Render, target: str) -> None:
    """A patch embedding flattens the image and puts the channels last, where they are; other targets are reshapes as ever."""
    count = target.count(",") + 1
    order = [0, *range(2, count), 1]
    keeps = target[target.index(",") :].startswith(",3,")
    model = model_of(
        14,
        f"""(float[N,2,4,4] x) => (float[{",".join("Npqr"[:count])}] y) {{
        w = Constant<value = float[3,2,1,1] {{1.,2.,3.,4.,5.,6.}}>() a = Conv(x, w)
        t = Constant<value = int64[{count}] {{{target}}}>() b = Reshape(a, t) y = Transpose<perm = {order}>(b) }}""",
    )
    check(render, model, batches=(2,))
    with render(model) as session:
        kinds = [operation.type for operation in session._concrete.graph.get_operations()]
    assert (kinds.count("Transpose") == 1) == keeps


def test_large_weights_are_captured_and_kernels_of_convolutions_are_not(render: Render) -> None:
    """A graph that holds its matrices is slow to optimise; a kernel that it does not hold is reordered every time."""
    rng = np.random.default_rng(0)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "kernel"], ["a"]),
            helper.make_node("Flatten", ["a"], ["b"]),
            helper.make_node("MatMul", ["b", "matrix"], ["y"]),
        ],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 64, 3, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 300])],
        [
            numpy_helper.from_array(rng.random((64, 64, 3, 3), np.float32), "kernel"),
            numpy_helper.from_array(rng.random((64, 300), np.float32), "matrix"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    with render(model) as session:
        assert [tuple(one.shape) for one in session._concrete.captured_inputs] == [(64, 300)]
    check(render, model)


def test_an_unknown_operator_is_refused_by_name_node_and_opset(render: Render) -> None:
    """A missing operator is told with its node and opset."""
    graph = helper.make_graph(
        [helper.make_node("StringNormalizer", ["x"], ["y"], name="norm")],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.STRING, [2])],
        [helper.make_tensor_value_info("y", TensorProto.STRING, [2])],
    )
    with pytest.raises(
        UnsupportedModel, match=r"StringNormalizer \(node 'norm', opset 17\) cannot be imported into TensorFlow"
    ):
        render(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))


def test_an_unknown_operator_in_a_branch_is_refused_before_anything_is_traced(render: Render) -> None:
    """Subgraphs are looked through as well."""
    model = model_of(
        16,
        """(float[N,2] x, bool b) => (float[N,2] y) {
        y = If (b) <
            then_branch = one () => (float[N,2] t) { t = Frobnicate(x) },
            else_branch = other () => (float[N,2] e) { e = Identity(x) }
        > }""",
    )
    with pytest.raises(UnsupportedModel, match=r"Frobnicate \(node 't', opset 16\)"):
        render(model)


def test_an_older_version_without_a_rule_is_refused(render: Render) -> None:
    """An operator at an opset before 7 that has other rules is not read by a later one's."""
    model = model_of(6, "(float[N,3] x) => (float[N,3] y) { y = Add(x, x) }")
    with pytest.raises(UnsupportedModel, match=r"Add .*opset 6.*versions 7, 13, 14 only, but the model uses version 6"):
        render(model)


@pytest.mark.parametrize(
    ("opset", "text", "reason"),
    [
        (
            14,
            """(float[N,3] x) => (float[N,3] y) {
            t = Constant<value = bool {1}>() r = Constant<value_float = 0.5>() y = Dropout(x, r, t) }""",
            "training",
        ),
        (
            13,
            "(float[N,3] x, float[3] s) => (float[N,3] y) { none = Constant<value = float[0] {}>() y = Resize(x, none, s) }",
            "constant list of scales",
        ),
        (
            13,
            """(int32[N,1,5] x) => (int32[N,1,10] y) { none = Constant<value = float[0] {}>()
            s = Constant<value = float[3] {1.,1.,2.}>() y = Resize<mode = "linear">(x, none, s) }""",
            "interpolates integers",
        ),
        (
            13,
            '(float[N,3] x) => (float[N,3] y) { p = Constant<value_ints = [0,1,0,1]>() y = Pad<mode = "odd">(x, p) }',
            "mode 'odd'",
        ),
    ],
)
def test_what_cannot_be_right_is_refused(render: Render, opset: int, text: str, reason: str) -> None:
    """Rather than give a wrong number, the import refuses, and the sentence names the node and its opset."""
    with pytest.raises(UnsupportedModel, match=reason) as caught:
        render(model_of(opset, text))
    assert f"opset {opset})" in str(caught.value)


SLOW_MODELS = {"bert_small", "resnet18", "resnet50", "vit_tiny"}
MODELS = ("mlp", "cnn", "lstm", "resnet18", "resnet50", "mobilenet_v2", "vit_tiny", "bert_small")


def compare_with_onnx_runtime(session: TensorFlowSession, model: onnx.ModelProto) -> None:
    """Batches 1 and 3 of random inputs; integers are the numbers 0 and 1, which every vocabulary and mask has."""
    compute = onnx_runtime(model)
    rng = np.random.default_rng(0)
    for batch in (1, 3):
        arrays = []
        for spec in session.inputs:
            assert spec.shape[0] == "batch"
            shape = (batch, *(size for size in spec.shape[1:] if isinstance(size, int)))
            assert len(shape) == len(spec.shape)
            floating = np.dtype(spec.dtype).kind == "f"
            arrays.append((rng.standard_normal(shape) if floating else rng.integers(0, 2, shape)).astype(spec.dtype))
        feeds = {spec.name: array for spec, array in zip(session.inputs, arrays, strict=True)}
        for actual, expected in zip(outputs_of(session, arrays), compute(feeds), strict=True):
            assert actual.shape == expected.shape
            assert actual.dtype == expected.dtype
            assert np.max(np.abs(actual - expected)) <= 1e-5 * np.max(np.abs(expected))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW_MODELS else name for name in MODELS]
)
def test_a_built_in_model_agrees_with_onnx_runtime(render: Render, name: str) -> None:
    """At batches 1 and 3, from one trace with a free batch axis."""
    from infer_compare.models.builtin import builtin_models

    assert set(MODELS) == set(builtin_models())
    model = builtin_models()[name].build(0)
    with render(model) as session:
        compare_with_onnx_runtime(session, model)
        assert session.compilations() == 1


@pytest.mark.parametrize("name", ["cnn", pytest.param("mobilenet_v2", marks=pytest.mark.slow)])
def test_a_built_in_model_agrees_when_xla_compiles_it(render: Render, name: str) -> None:
    """The whole model becomes one program per batch size."""
    from infer_compare.models.builtin import builtin_models

    model = builtin_models()[name].build(0)
    with render(model, jit=True) as session:
        compare_with_onnx_runtime(session, model)
        assert session.compilations() == 3
