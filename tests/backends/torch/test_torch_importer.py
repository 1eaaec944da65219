"""Small ONNX graphs imported into torch, against ONNX's reference at several batch sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, parser, save
from onnx.reference import ReferenceEvaluator

from infer_compare import ModelError, UnsupportedModel

torch = pytest.importorskip("torch")

from infer_compare_torch.importer import import_model, import_onnx  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import onnx
    from numpy.typing import NDArray

BATCHES = (1, 3, 5)


def model_of(opset: int, text: str) -> onnx.ModelProto:
    """A model out of ONNX's textual syntax."""
    return parser.parse_model(f'<ir_version: 8, opset_import: ["" : {opset}]>\ng {text}')


def batch_for(model: onnx.ModelProto, size: int, seed: int = 0) -> list[NDArray[Any]]:
    """Random inputs; every free axis takes the batch size."""
    rng = np.random.default_rng(seed)
    arrays = []
    for one in model.graph.input:
        tensor = one.type.tensor_type
        shape = [dim.dim_value or size for dim in tensor.shape.dim]
        dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        if dtype == np.bool_:
            arrays.append(rng.random(shape) < 0.5)
        elif dtype.kind in "iu":
            arrays.append(rng.integers(0, 4, shape).astype(dtype))
        else:
            arrays.append(rng.standard_normal(shape).astype(dtype))
    return arrays


def run(module: Any, arrays: list[NDArray[Any]]) -> list[NDArray[Any]]:
    """The module's outputs as arrays."""
    with torch.inference_mode():
        results = module(*(torch.from_numpy(one) for one in arrays))
    return [one.numpy() for one in (results if isinstance(results, tuple) else (results,))]


def check(model: onnx.ModelProto, *, rtol: float = 1e-4, batches: tuple[int, ...] = BATCHES) -> Any:
    """Imports a model, compares it with the reference at each batch size, and returns the module."""
    module = import_model(model).module
    reference = ReferenceEvaluator(model)
    names = [one.name for one in model.graph.input]
    for size in batches:
        arrays = batch_for(model, size)
        expected = reference.run(None, dict(zip(names, arrays, strict=True)))
        for one, other in zip(run(module, arrays), expected, strict=True):
            assert one.dtype == other.dtype
            assert one.shape == other.shape
            np.testing.assert_allclose(one, other, rtol=rtol, atol=1e-5)
    return module


GRAPHS = {
    # name: (opset, graph)
    "add_broadcast": (
        13,
        "(float[N,3] x) => (float[N,3] y) { c = Constant<value = float[3] {1.,2.,3.}>() y = Add(x, c) }",
    ),
    "arithmetic_by_scalars": (
        14,
        """(float[N,3] x) => (float[N,3] y) {
        two = Constant<value_float = 2.0>() a = Mul(two, x) b = Sub(two, a) c = Div(b, two) y = Neg(c) }""",
    ),
    "integer_division_cuts_towards_zero": (
        14,
        """(int64[N,3] x) => (int64[N,3] y) {
        three = Constant<value_int = 3>() two = Constant<value_int = 2>() a = Sub(x, three) y = Div(a, two) }""",
    ),
    "mod_takes_the_sign_of_the_divisor": (
        13,
        "(int64[N,3] x) => (int64[N,3] y) { c = Constant<value_int = 3>() a = Sub(x, c) y = Mod(a, c) }",
    ),
    "fmod_takes_the_sign_of_the_dividend": (
        13,
        "(float[N,3] x) => (float[N,3] y) { c = Constant<value_float = 0.7>() y = Mod<fmod = 1>(x, c) }",
    ),
    "pow_keeps_the_dtype_of_its_base": (
        15,
        "(int32[N,3] x) => (int32[N,3] y) { c = Constant<value_float = 2.0>() y = Pow(x, c) }",
    ),
    "comparisons_and_logic": (
        16,
        """(float[N,3] x, float[N,3] z) => (bool[N,3] y) {
        a = Less(x, z) b = GreaterOrEqual(x, z) c = Xor(a, b) d = Not(a) e = And(c, d) y = Or(e, a) }""",
    ),
    "where_and_clip": (
        13,
        """(float[N,3] x) => (float[N,3] y) {
        low = Constant<value_float = -0.5>() zero = Constant<value_float = 0.0>()
        a = Clip(x, low) b = Greater(a, zero) y = Where(b, a, zero) }""",
    ),
    "variadic": (
        13,
        "(float[N,3] x, float[N,1] z) => (float[N,3] y) { a = Max(x, z) b = Sum(a, x, z) c = Mean(b, a) y = Min(c, x) }",
    ),
    "gemm_with_factors": (
        13,
        """(float[N,3] x) => (float[N,2] y) {
        w = Constant<value = float[3,2] {1.,2.,3.,4.,5.,6.}>() b = Constant<value = float[1,2] {1.,-1.}>()
        y = Gemm<alpha = 0.5, beta = 2.0>(x, w, b) }""",
    ),
    "linear_layer_on_three_axes": (
        13,
        """(float[N,4,3] x) => (float[N,4,2] y) {
        w = Constant<value = float[3,2] {1.,2.,3.,4.,5.,6.}>() b = Constant<value = float[2] {1.,-1.}>()
        p = MatMul(x, w) y = Add(b, p) }""",
    ),
    "product_that_is_used_twice": (
        13,
        """(float[N,3] x) => (float[N,2] y, float[N,2] p) {
        w = Constant<value = float[3,2] {1.,2.,3.,4.,5.,6.}>() b = Constant<value = float[2] {1.,-1.}>()
        p = MatMul(x, w) y = Add(p, b) }""",
    ),
    "einsum": (
        12,
        '(float[N,2,3] x, float[N,3,4] z) => (float[N,2,4] y) { y = Einsum<equation = "bij, bjk -> bik">(x, z) }',
    ),
    "flatten_by_shape_arithmetic": (
        13,
        """(float[N,2,3,4] x) => (float[N,M] y) {
        s = Shape(x) zero = Constant<value_int = 0>() n = Gather(s, zero)
        axes = Constant<value_ints = [0]>() m = Unsqueeze(n, axes) rest = Constant<value_ints = [-1]>()
        shape = Concat<axis = 0>(m, rest) y = Reshape(x, shape) }""",
    ),
    "sizes_computed_from_the_batch": (
        13,
        """(float[N,6] x) => (float[A,B] y) {
        s = Shape(x) zero = Constant<value_ints = [0]>() one = Constant<value_ints = [1]>()
        two = Constant<value_ints = [2]>() three = Constant<value_ints = [3]>()
        n = Slice(s, zero, one) rows = Mul(n, two) c = Slice(s, one, two) cols = Div(c, two)
        shape = Concat<axis = 0>(rows, cols) y = Reshape(x, shape) }""",
    ),
    "size_and_range": (
        13,
        """(float[N,2] x) => (int64[M] y) {
        n = Size(x) zero = Constant<value_int = 0>() two = Constant<value_int = 2>() y = Range(zero, n, two) }""",
    ),
    "mask_made_for_the_batch": (
        14,
        """(float[N,4] x) => (float[N,4] y) {
        s = Shape(x) ones = ConstantOfShape<value = float[1] {1.}>(s) m = Trilu<upper = 0>(ones) y = Mul(x, m) }""",
    ),
    "expand_to_the_batch": (
        13,
        """(float[N,4] x) => (float[N,4] y) {
        s = Shape(x) c = Constant<value = float[1,4] {1.,2.,3.,4.}>() e = Expand(c, s) y = Add(x, e) }""",
    ),
    "expand_leaves_axes_where_the_shape_says_one": (
        13,
        "(float[N,4] x) => (float[N,4] y) { s = Constant<value_ints = [1, 4]>() y = Expand(x, s) }",
    ),
    "slices_forwards_and_backwards": (
        13,
        """(float[N,7,5] x) => (float[N,A,B] y) {
        starts = Constant<value_ints = [-1, 1]>() ends = Constant<value_ints = [-9223372036854775807, 9223372036854775807]>()
        axes = Constant<value_ints = [1, -1]>() steps = Constant<value_ints = [-2, 2]>()
        y = Slice(x, starts, ends, axes, steps) }""",
    ),
    "split_unevenly": (
        13,
        """(float[N,7] x) => (float[N,3] a, float[N,4] b) {
        s = Constant<value_ints = [3, 4]>() a, b = Split<axis = 1>(x, s) }""",
    ),
    "split_into_equal_parts_but_the_last": (
        18,
        "(float[N,7] x) => (float[N,3] a, float[N,3] b, float[N,1] c) { a, b, c = Split<axis = 1, num_outputs = 3>(x) }",
    ),
    "gathers": (
        13,
        """(float[N,4,5] x) => (float[N,2,5] a, float[N,5] b, float[N,4,2] c) {
        i = Constant<value_ints = [-1, 0]>() j = Constant<value_int = 2>()
        a = Gather<axis = 1>(x, i) b = Gather<axis = 1>(x, j) c = Gather<axis = -1>(x, i) }""",
    ),
    "embedding": (
        13,
        """(int64[N,3] ids) => (float[N,3,2] y) {
        t = Constant<value = float[4,2] {1.,2.,3.,4.,5.,6.,7.,8.}>() y = Gather(t, ids) }""",
    ),
    "reductions_by_attribute": (
        11,
        """(float[N,3,4] x) => (float[N,4] a, float[N,1,1] b, float[N,3] c, float[N,3] d) {
        a = ReduceSum<axes = [1], keepdims = 0>(x) b = ReduceMean<axes = [1, 2]>(x)
        c = ReduceL2<axes = [-1], keepdims = 0>(x) d = ReduceProd<axes = [2], keepdims = 0>(x) }""",
    ),
    "reductions_by_input": (
        18,
        """(float[N,3,4] x) => (float[N,3] a, float[N,3] b, float[N,3] c) {
        axes = Constant<value_ints = [-1]>() a = ReduceMax<keepdims = 0>(x, axes)
        b = ReduceLogSumExp<keepdims = 0>(x, axes) c = ReduceSumSquare<keepdims = 0>(x, axes) }""",
    ),
    "integer_mean": (
        18,
        "(int32[N,3] x) => (int32[N,1] y) { axes = Constant<value_ints = [1]>() y = ReduceMean(x, axes) }",
    ),
    "layer_norm": (
        17,
        """(float[N,3,4] x) => (float[N,3,4] y) {
        s = Constant<value = float[4] {1.,2.,3.,4.}>() b = Constant<value = float[4] {0.,1.,0.,1.}>()
        y = LayerNormalization<axis = -1, epsilon = 1e-5>(x, s, b) }""",
    ),
    "softmax_along_one_axis": (13, "(float[N,3,4] x) => (float[N,3,4] y) { y = Softmax<axis = 1>(x) }"),
    "topk_and_argmax": (
        13,
        """(float[N,5] x) => (float[N,2] v, int64[N,2] i, int64[N,1] m) {
        k = Constant<value_ints = [2]>() v, i = TopK(x, k) m = ArgMax<axis = 1>(x) }""",
    ),
    "resize_linear": (
        13,
        """(float[N,2,4,5] x) => (float[N,2,A,B] y) {
        none = Constant<value = float[0] {}>() s = Constant<value = float[4] {1.,1.,2.,1.5}>()
        y = Resize<mode = "linear", coordinate_transformation_mode = "asymmetric">(x, none, s) }""",
    ),
    "pads": (
        13,
        """(float[N,3,4] x) => (float[N,5,5] a, float[N,3,6] b, float[N,3,7] c) {
        p = Constant<value_ints = [0, 1, 0, 0, 1, 1]>() v = Constant<value_float = 2.5>() a = Pad(x, p, v)
        q = Constant<value_ints = [0, 0, 1, 0, 0, 1]>() b = Pad<mode = "edge">(x, q)
        r = Constant<value_ints = [0, 0, 2, 0, 0, 1]>() c = Pad<mode = "reflect">(x, r) }""",
    ),
    "branch_on_the_batch_size": (
        16,
        """(float[N,2] x) => (float[N,2] y) {
        s = Shape(x) zero = Constant<value_int = 0>() three = Constant<value_int = 3>()
        n = Gather(s, zero) big = GreaterOrEqual(n, three)
        y = If (big) <
            then_branch = big_one () => (float[N,2] t) { t = Neg(x) },
            else_branch = small_one () => (float[N,2] e) { e = Identity(x) }
        > }""",
    ),
    "casts_cut_fractions": (
        13,
        "(float[N,3] x) => (int32[N,3] y, bool[N,3] b) { k = Constant<value_float = 3.0>() a = Mul(x, k) y = Cast<to = 6>(a) b = Cast<to = 9>(y) }",
    ),
    "depth_to_space_and_back": (
        13,
        "(float[N,8,2,3] x) => (float[N,8,2,3] y) { a = DepthToSpace<blocksize = 2>(x) y = SpaceToDepth<blocksize = 2>(a) }",
    ),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_an_imported_graph_equals_the_reference(name: str) -> None:
    """A module gives what ONNX's reference gives, at batches 1, 3 and 5 alike."""
    check(model_of(*GRAPHS[name]))


EARLIER: dict[str, tuple[int, str, Callable[[NDArray[Any]], NDArray[Any]]]] = {
    # name: (opset, graph, what numpy makes of x)
    "softmax_over_the_flattened_rest": (
        11,
        "(float[N,3,4] x) => (float[N,3,4] y) { y = Softmax(x) }",
        lambda x: np.exp(x) / np.exp(x).sum((1, 2), keepdims=True),
    ),
    "slice_by_attributes": (
        9,
        "(float[N,5] x) => (float[N,3] y) { y = Slice<axes = [1], starts = [1], ends = [-1]>(x) }",
        lambda x: x[:, 1:-1],
    ),
    "clip_by_attributes": (
        6,
        "(float[N,5] x) => (float[N,5] y) { y = Clip<min = -0.25>(x) }",
        lambda x: np.maximum(x, -0.25),
    ),
    "squeeze_by_attribute": (
        11,
        "(float[N,1,3] x) => (float[N,3] y) { y = Squeeze<axes = [1]>(x) }",
        lambda x: x[:, 0],
    ),
    "unsqueeze_by_attribute": (
        11,
        "(float[N,3] x) => (float[N,1,3,1] y) { y = Unsqueeze<axes = [1, 3]>(x) }",
        lambda x: x[:, None, :, None],
    ),
    "split_by_attribute": (
        11,
        "(float[N,3] x) => (float[N,1] y) { y, z = Split<axis = 1, split = [1, 2]>(x) }",
        lambda x: x[:, :1],
    ),
    "dropout_is_the_identity": (7, "(float[N,3] x) => (float[N,3] y) { y = Dropout<ratio = 0.9>(x) }", lambda x: x),
    "pad_by_attribute": (
        2 + 5,
        "(float[N,3] x) => (float[N,5] y) { y = Pad<pads = [0,1,0,1], value = 2.0>(x) }",
        lambda x: np.pad(x, ((0, 0), (1, 1)), constant_values=2),
    ),
    "topk_by_attribute": (
        9,
        "(float[N,5] x) => (float[N,2] y) { y, i = TopK<k = 2>(x) }",
        lambda x: -np.sort(-x, 1)[:, :2],
    ),
    "upsample_nearest": (
        9,
        "(float[N,2,3] x) => (float[N,2,6] y) { s = Constant<value = float[3] {1.,1.,2.}>() y = Upsample(x, s) }",
        lambda x: np.repeat(x, 2, 2),
    ),
    "upsample_by_attribute": (
        7,
        "(float[N,2,3] x) => (float[N,2,6] y) { y = Upsample<scales = [1.,1.,2.]>(x) }",
        lambda x: np.repeat(x, 2, 2),
    ),
    "early_resize_takes_the_next_place_when_it_shrinks": (
        10,
        "(float[N,8] x) => (float[N,4] y) { s = Constant<value = float[2] {1.,0.6}>() y = Resize(x, s) }",
        lambda x: x[:, [0, 2, 4, 5]],
    ),
    "sum_by_attribute": (
        11,
        "(float[N,3,4] x) => (float[N,4] y) { y = ReduceSum<axes = [1], keepdims = 0>(x) }",
        lambda x: x.sum(1),
    ),
}


@pytest.mark.parametrize("name", EARLIER)
def test_earlier_versions_of_an_operator_keep_their_meaning(name: str) -> None:
    """An operator means what its schema at the model's opset says, not what a later one says."""
    opset, text, expected = EARLIER[name]
    model = model_of(opset, text)
    module = import_model(model).module
    for size in BATCHES:
        arrays = batch_for(model, size)
        np.testing.assert_allclose(run(module, arrays)[0], expected(arrays[0]), rtol=1e-5, atol=1e-6)


def convolution_model(
    op_type: str, weight: tuple[int, ...], rank: int, size: int, **attributes: Any
) -> onnx.ModelProto:
    """A model of one convolution or pool."""
    rng = np.random.default_rng(1)
    inputs = ["x"]
    initializers = []
    if weight:
        inputs.append("w")
        initializers.append(numpy_helper.from_array(rng.standard_normal(weight).astype(np.float32), "w"))
    node = helper.make_node(op_type, inputs, ["y"], **attributes)
    shape = ["N", 4, *[size] * rank]
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        initializers,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)


@pytest.mark.parametrize(
    ("op_type", "weight", "rank", "attributes"),
    [
        ("Conv", (6, 4, 3), 1, {"pads": [1, 1]}),
        ("Conv", (6, 4, 3, 3), 2, {"pads": [1, 0, 2, 1], "strides": [2, 1]}),
        ("Conv", (6, 2, 3, 3), 2, {"group": 2, "dilations": [2, 2]}),
        ("Conv", (4, 1, 3, 3), 2, {"group": 4, "auto_pad": "SAME_UPPER", "strides": [2, 2]}),
        ("Conv", (6, 4, 2, 2), 2, {"auto_pad": "SAME_LOWER"}),
        ("Conv", (2, 4, 2, 2, 2), 3, {}),
        ("ConvTranspose", (4, 3, 3, 3), 2, {"strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 1]}),
        ("ConvTranspose", (4, 3, 3, 3), 2, {"strides": [2, 2], "pads": [1, 0, 0, 1]}),
        ("MaxPool", (), 2, {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
        ("MaxPool", (), 2, {"kernel_shape": [3, 2], "pads": [2, 0, 0, 1], "dilations": [1, 2]}),
        ("MaxPool", (), 2, {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1}),
        ("AveragePool", (), 2, {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1], "ceil_mode": 1}),
        ("AveragePool", (), 2, {"kernel_shape": [3, 3], "pads": [2, 0, 1, 1], "count_include_pad": 1}),
        ("AveragePool", (), 2, {"kernel_shape": [2, 2], "auto_pad": "SAME_LOWER"}),
        ("GlobalAveragePool", (), 3, {}),
        ("GlobalMaxPool", (), 2, {}),
    ],
)
def test_windows_lie_where_onnx_puts_them(
    op_type: str, weight: tuple[int, ...], rank: int, attributes: dict[str, Any]
) -> None:
    """Convolutions and pools follow every rule of padding, dilation and rounding."""
    check(convolution_model(op_type, weight, rank, 7, **attributes), batches=(1, 3))


def test_an_output_shape_is_reached_by_paddings_that_follow_from_it() -> None:
    """A transposed convolution told its output's size cuts what is too much, the odd place at the start."""
    told = convolution_model("ConvTranspose", (4, 3, 3), 1, 7, strides=[3], output_shape=[20])
    padded = convolution_model("ConvTranspose", (4, 3, 3), 1, 7, strides=[3], pads=[1, 0])
    arrays = batch_for(told, 2)
    (result,) = run(import_model(told).module, arrays)
    assert result.shape == (2, 3, 20)
    np.testing.assert_allclose(result, ReferenceEvaluator(padded).run(None, {"x": arrays[0]})[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("op_type", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("native", [True, False])
def test_recurrent_layers_equal_the_stepwise_cell(op_type: str, direction: str, native: bool) -> None:
    """Torch's own layer and the stepwise cell agree, whichever the import chose."""
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[op_type]
    directions = 2 if direction == "bidirectional" else 1
    rng = np.random.default_rng(3)
    shapes = {"w": (directions, gates * 5, 3), "r": (directions, gates * 5, 5), "b": (directions, 2 * gates * 5)}
    weights = {name: rng.standard_normal(shape).astype(np.float32) * 0.4 for name, shape in shapes.items()}
    extra = {"linear_before_reset": 1} if op_type == "GRU" else {}
    attributes = {"hidden_size": 5, "direction": direction, **extra} | ({} if native else {"clip": 1e6})
    outputs = ["y", "h", "c"] if op_type == "LSTM" else ["y", "h"]
    graph = helper.make_graph(
        [helper.make_node(op_type, ["x", *weights], outputs, **attributes)],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [4, "batch", 3])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    module = import_model(model).module
    layers = [one for one in module.modules() if isinstance(one, torch.nn.RNNBase)]
    assert bool(layers) == native
    x = rng.standard_normal((4, 2, 3)).astype(np.float32)
    for one, other in zip(run(module, [x]), stepwise(op_type, x, weights, direction), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def stepwise(op_type: str, x: NDArray[Any], weights: dict[str, NDArray[Any]], direction: str) -> list[NDArray[Any]]:
    """The recurrences as ONNX writes them down, in numpy."""

    def sigmoid(value: NDArray[Any]) -> NDArray[Any]:
        result: NDArray[Any] = 1 / (1 + np.exp(-value))
        return result

    every, hiddens, cells = [], [], []
    for index in range(len(weights["w"])):
        w, r = weights["w"][index], weights["r"][index]
        bias_in, bias_back = np.split(weights["b"][index], 2)
        backwards = direction == "reverse" or index == 1
        h = np.zeros((x.shape[1], 5), np.float32)
        c = np.zeros_like(h)
        steps = []
        for step in x[::-1] if backwards else x:
            come, back = step @ w.T + bias_in, h @ r.T + bias_back
            match op_type:
                case "RNN":
                    h = np.tanh(come + back)
                case "GRU":
                    (cz, cr, ch), (bz, br, bh) = np.split(come, 3, 1), np.split(back, 3, 1)
                    z = sigmoid(cz + bz)
                    h = (1 - z) * np.tanh(ch + sigmoid(cr + br) * bh) + z * h
                case _:
                    i, o, f, g = np.split(come + back, 4, 1)
                    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
                    h = sigmoid(o) * np.tanh(c)
            steps.append(h)
        every.append(np.stack(steps[::-1] if backwards else steps))
        hiddens.append(h)
        cells.append(c)
    results = [np.stack(every, 1), np.stack(hiddens)]
    return [*results, np.stack(cells)] if op_type == "LSTM" else results


def test_shape_arithmetic_leaves_no_tensor_behind() -> None:
    """What a graph computes from shapes becomes Python numbers in the module."""
    module = import_model(model_of(*GRAPHS["sizes_computed_from_the_batch"])).module
    calls = {str(node.target) for node in module.graph.nodes if node.op != "placeholder"}
    assert not any("make_vector" in one or "read_list" in one for one in calls)
    assert "size" in calls


def test_a_module_has_the_weights_once_and_under_their_names() -> None:
    """Initializers become parameters; those that only dead calls used are left behind."""
    weight = numpy_helper.from_array(np.ones((3, 2), np.float32), "layer.weight")
    bias = numpy_helper.from_array(np.ones(2, np.float32), "layer.bias")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "layer.weight"], ["p"]), helper.make_node("Add", ["p", "layer.bias"], ["y"])],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 4, 2])],
        [weight, bias],
    )
    module = import_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)).module
    assert sum(one.numel() for one in module.parameters()) == 8
    assert "layer_bias" in dict(module.named_parameters())
    assert not any(one.requires_grad for one in module.parameters())


@pytest.mark.parametrize(
    ("start", "end", "step", "expected"),
    [
        (-1, -99, -1, [6, 5, 4, 3, 2, 1, 0]),
        (5, 1, -2, [5, 3]),
        (2, 7, -2, []),
        (-3, 9, -1, []),
        (-9, -8, -1, [0]),
        (99, 3, -1, [6, 5, 4]),
        (-99, 99, 3, [0, 3, 6]),
        (5, 2, 1, []),
    ],
)
def test_bounds_of_a_slice_are_brought_inside_the_axis(start: int, end: int, step: int, expected: list[int]) -> None:
    """Backwards a start lies between the first place and the last, and an end may lie before the first."""
    model = model_of(
        13,
        f"""(int64[N,7] x) => (int64[N,M] y) {{
        a = Constant<value_ints = [{start}]>() b = Constant<value_ints = [{end}]>() c = Constant<value_ints = [1]>()
        d = Constant<value_ints = [{step}]>() y = Slice(x, a, b, c, d) }}""",
    )
    assert run(import_model(model).module, [np.arange(7).reshape(1, 7)])[0].tolist() == [expected]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("wrap", [1, 2, 1, 2, 1]), ("edge", [1, 2, 2, 2, 2]), ("reflect", [1, 2, 1, 2, 1])],
)
def test_what_a_negative_padding_cuts_is_not_repeated(mode: str, expected: list[int]) -> None:
    """Of 0, 1, 2 the first is cut, and three places are added after the rest."""
    model = model_of(
        19,
        f"""(int64[N,3] x) => (int64[N,5] y) {{
        p = Constant<value_ints = [0, -1, 0, 3]>() y = Pad<mode = "{mode}">(x, p) }}""",
    )
    assert run(import_model(model).module, [np.arange(3).reshape(1, 3)])[0].tolist() == [expected]


def test_a_layer_whose_numbers_nothing_uses_is_left_out() -> None:
    """A recurrent layer that only a known size was asked of is no part of the module."""
    rng = np.random.default_rng(0)
    weights = {"w": (1, 20, 3), "r": (1, 20, 5)}
    graph = helper.make_graph(
        [
            helper.make_node("LSTM", ["x", "w", "r"], ["steps"], hidden_size=5),
            helper.make_node("Shape", ["steps"], ["size"], start=3, end=4),
            helper.make_node("Cast", ["size"], ["factor"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["x", "factor"], ["y"]),
        ],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [4, "batch", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(rng.random(shape, np.float32), name) for name, shape in weights.items()],
    )
    module = import_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])).module
    assert not any(isinstance(one, torch.nn.RNNBase) for one in module.modules())
    x = rng.random((4, 2, 3), np.float32)
    np.testing.assert_allclose(run(module, [x])[0], 5 * x)


@pytest.mark.parametrize(
    "name", ["x:0", "0", "a b", "self", "class", "None", "torch", "device", "training", "forward", "input.1", "größe"]
)
def test_a_file_may_name_its_values_as_it_likes(name: str) -> None:
    """Names become Python's, and none of them hides another."""
    spec = helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 2])
    weight = numpy_helper.from_array(np.array([1, 2], np.float32), f"{name}_w")
    graph = helper.make_graph(
        [
            helper.make_node("Mul", [name, weight.name], ["h"], name=name),
            helper.make_node("Shape", ["h"], [f"{name}_size"]),
            helper.make_node("Reshape", ["h", f"{name}_size"], ["y"]),
        ],
        name,
        [spec],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [weight],
    )
    module = import_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])).module
    assert module(torch.tensor([[3.0, 4.0]])).tolist() == [[3, 8]]
    assert len(module.state_dict()) == 1


def test_inputs_whose_names_fall_together_stay_apart() -> None:
    """Two names that differ in punctuation only are two inputs."""
    graph = helper.make_graph(
        [helper.make_node("Sub", ["a.b", "a:b"], ["y"])],
        "g",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch"]) for name in ("a.b", "a:b")],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )
    module = import_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])).module
    assert module(torch.tensor([3.0]), torch.tensor([1.0])).tolist() == [2]


def test_inputs_that_are_unused_or_outputs_and_outputs_that_are_repeated_are_kept() -> None:
    """The module has the inputs and outputs of the file, in its order."""
    graph = helper.make_graph(
        [helper.make_node("Neg", ["a"], ["y"])],
        "g",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch"]) for name in ("unused", "a")],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("y", "a", "y")],
    )
    module = import_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])).module
    results = module(torch.tensor([5.0]), torch.tensor([1.0]))
    assert [one.tolist() for one in results] == [[-1], [1], [-1]]


def test_ranks_are_known_beyond_an_operator_that_shape_inference_skips() -> None:
    """What follows a group normalisation is imported as elsewhere."""
    check(
        model_of(
            21,
            """(float[N,4,3,3] x) => (float[N,4,6,6] y) {
            s = Constant<value = float[4] {1.,2.,3.,4.}>() g = GroupNormalization<num_groups = 2>(x, s, s)
            none = Constant<value = float[0] {}>() r = Relu(g) k = Constant<value = float[4] {1.,1.,2.,2.}>()
            y = Resize<mode = "linear", coordinate_transformation_mode = "asymmetric">(r, none, k) }""",
        )
    )


def test_an_unknown_operator_is_refused_by_name_node_and_opset() -> None:
    """A missing operator is told with its node and opset."""
    node = helper.make_node("StringNormalizer", ["x"], ["y"], name="norm")
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.STRING, [2])],
        [helper.make_tensor_value_info("y", TensorProto.STRING, [2])],
    )
    with pytest.raises(UnsupportedModel, match=r"StringNormalizer \(node 'norm', opset 17\) has no import into torch"):
        import_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))


def test_an_older_version_without_a_rule_is_refused() -> None:
    """An operator at an opset before 7 that has other rules is not read by a later one's."""
    model = model_of(6, "(float[N,3] x) => (float[N,3] y) { y = Add(x, x) }")
    with pytest.raises(UnsupportedModel, match=r"Add .*opset 6.*versions 7, 13, 14 only, and the model uses version 6"):
        import_model(model)


@pytest.mark.parametrize(
    ("opset", "text", "reason"),
    [
        (
            14,
            "(float[N,3] x) => (float[N,3] y) { t = Constant<value = bool {1}>() r = Constant<value_float = 0.5>() y = Dropout(x, r, t) }",
            "training",
        ),
        (13, "(uint64[N,3] x) => (bool[N,3] y) { y = Less(x, x) }", "uint64"),
        (
            13,
            """(float[N,1,5] x) => (float[N,1,3] y) { none = Constant<value = float[0] {}>()
            s = Constant<value = float[3] {1.,1.,0.7}>()
            y = Resize<mode = "linear", coordinate_transformation_mode = "align_corners">(x, none, s) }""",
            "not defined",
        ),
    ],
)
def test_what_cannot_be_right_is_refused(opset: int, text: str, reason: str) -> None:
    """Rather than give a wrong number, the import refuses."""
    with pytest.raises(UnsupportedModel, match=reason):
        import_model(model_of(opset, text))


def test_an_input_without_a_rank_is_refused() -> None:
    """An input of which not even the rank is stated cannot be imported."""
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )
    with pytest.raises(UnsupportedModel, match=r"'x'.*number of axes"):
        import_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))


def test_stale_recorded_shapes_are_not_believed() -> None:
    """A file that records a fixed batch for an inner value still runs at every batch size."""
    model = model_of(
        13,
        """(float[N,6] x) => (float[N,2,3] y) {
        r = Relu(x) s = Shape(r) zero = Constant<value_ints = [0]>() one = Constant<value_ints = [1]>()
        n = Slice(s, zero, one) rest = Constant<value_ints = [2, 3]>() t = Concat<axis = 0>(n, rest) y = Reshape(r, t) }""",
    )
    model.graph.value_info.append(helper.make_tensor_value_info("r", TensorProto.FLOAT, [1, 6]))
    check(model)


def test_an_onnx_file_becomes_a_module(tmp_path: Path) -> None:
    """A path is read, and one that is not there is refused in one sentence."""
    path = tmp_path / "net.onnx"
    save(model_of(13, "(float[N,3] x) => (float[N,3] y) { y = Relu(x) }"), path)
    x = torch.tensor([[-1.0, 0.0, 2.0]])
    assert import_onnx(path)(x).tolist() == [[0.0, 0.0, 2.0]]
    with pytest.raises(ModelError, match="no model file"):
        import_onnx(tmp_path / "missing.onnx")
