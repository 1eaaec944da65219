"""Attention in ONNX graphs, as torch's own function: the same results, and only where it takes what the graph says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from ..onnx_graphs import model_of

torch = pytest.importorskip("torch")

from infer_compare_torch.importer import import_model  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    import onnx
    from numpy.typing import NDArray

    Arrays = dict[str, NDArray[Any]]

SIZES = {"N": 2, "T": 5, "S": 7}
"""Batch, queries, keys."""

HEADS = {"q": "N,3,T,8", "k": "N,3,S,8", "v": "N,3,S,8"}
FIXED = {"q": "N,3,5,8", "k": "N,3,7,8", "v": "N,3,7,8"}
SINGLE = {"q": "N,T,8", "k": "N,S,8", "v": "N,S,8"}

SCALES = {
    "none": "s = MatMul(q, kt)",
    "multiplied": "c = Constant<value_float = 0.3>() s0 = MatMul(q, kt) s = Mul(s0, c)",
    "divided": "c = Constant<value_float = 2.5>() s0 = MatMul(q, kt) s = Div(s0, c)",
    "query and keys": """c = Constant<value_float = 0.6>() qs = Mul(q, c) ks = Mul(c, kt) s = MatMul(qs, ks)""",
    "from the shape": """
        shape = Shape(q) last = Constant<value_ints = [-1]>() width = Gather(shape, last) wide = Cast<to = 1>(width)
        root = Sqrt(wide) s0 = MatMul(q, kt) s = Div(s0, root)""",
}
LOW = "low = Constant<value_float = -3.4028234e38>()"
NONE = "low = Constant<value = float {-inf}>()"
MASKS = {
    "none": ("", "m = Identity(s)"),
    "of keys": ("float[N,1,1,S] mask", "m = Add(s, mask)"),
    "of one key row": ("float[S] mask", "m = Add(mask, s)"),
    "of queries and keys": ("float[T,S] mask", "m = Add(s, mask)"),
    "of heads": ("float[3,T,S] mask", "m = Add(s, mask)"),
    "of everything": ("float[N,3,T,S] mask", "m = Add(mask, s)"),
    "kept": ("bool[N,1,T,S] mask", f"{LOW} m = Where(mask, s, low)"),
    "replaced": ("bool[N,1,1,S] mask", f"{LOW} m = Where(mask, low, s)"),
    "kept from nothing": ("bool[N,1,T,S] mask", f"{NONE} m = Where(mask, s, low)"),
    "replaced by nothing": ("bool[T,S] mask", f"{NONE} m = Where(mask, low, s)"),
}
OF_ONE_HEAD = ("none", "of one key row", "of queries and keys", "replaced by nothing")


def attention(
    shapes: dict[str, str],
    scale: str = "multiplied",
    mask: tuple[str, str] = MASKS["none"],
    end: str = "w = Softmax<axis = -1>(m)",
) -> onnx.ModelProto:
    """A graph of one attention."""
    given, masked = mask
    inputs = [*(f"float[{shape}] {name}" for name, shape in shapes.items()), *([given] if given else [])]
    rank = shapes["k"].count(",") + 1
    order = [*range(rank - 2), rank - 1, rank - 2]
    output = "float y" if "," not in shapes["q"] else f"float[{','.join('abcde'[:rank])}] y"
    body = f"kt = Transpose<perm = {order}>(k) {SCALES[scale]} {masked} {end} y = MatMul(w, v)"
    return model_of(18, f"({', '.join(inputs)}) => ({output}) {{ {body} }}")


def inputs_of(model: onnx.ModelProto, seed: int = 0) -> Arrays:
    """Random inputs, in which a mask hides some keys and leaves each query one."""
    rng = np.random.default_rng(seed)
    found: Arrays = {}
    for one in model.graph.input:
        tensor = one.type.tensor_type
        shape = [dim.dim_value or SIZES[dim.dim_param] for dim in tensor.shape.dim]
        dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        found[one.name] = (rng.random(shape) < 0.5) if dtype == np.bool_ else rng.standard_normal(shape).astype(dtype)
    if "mask" in found and found["mask"].dtype == np.float32:
        found["mask"][found["mask"] > 0.5] = -np.inf
        found["mask"][..., 0] = 0.25
    return found


def run(module: Any, arrays: Arrays) -> NDArray[Any]:
    """The module's output."""
    with torch.inference_mode():
        result: NDArray[Any] = module(*map(torch.from_numpy, arrays.values())).numpy()
    return result


def check(model: onnx.ModelProto, fused: int, arrays: Arrays | None = None) -> NDArray[Any]:
    """Imports a model, looks how many attentions are fused, and compares with ONNX's reference."""
    imported = import_model(model)
    assert imported.attentions == fused
    arrays = arrays or inputs_of(model)
    found = run(imported.module, arrays)
    with np.errstate(invalid="ignore"):
        expected = ReferenceEvaluator(model).run(None, arrays)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    return found


@pytest.mark.parametrize("mask", MASKS)
def test_fused_attention_equals_the_reference_under_every_mask(mask) -> None:
    """Added, kept or replaced; and a query that is left no key gets NaN, as a softmax over minus infinity gives."""
    shapes = FIXED if mask in {"none", "of keys"} else HEADS
    check(attention(shapes, mask=MASKS[mask]), 1)


@pytest.mark.parametrize("scale", SCALES)
def test_fused_attention_equals_the_reference_at_every_scale(scale) -> None:
    """Wherever the factor stands, and where it is computed from the width."""
    check(attention(HEADS, scale=scale), 1)


@pytest.mark.parametrize("mask", OF_ONE_HEAD)
def test_matrices_without_heads_are_fused_as_well(mask) -> None:
    """They have one head, and masks of two axes and of one are theirs."""
    check(attention(SINGLE, mask=MASKS[mask]), 1)


@pytest.mark.parametrize(("mask", "left"), [("kept from nothing", False), ("replaced by nothing", True)])
def test_a_query_that_is_left_no_key_gets_nan(mask, left) -> None:
    """As ONNX says; torch's function alone would give zeros."""
    model = attention(HEADS, mask=MASKS[mask])
    arrays = inputs_of(model)
    arrays["mask"][...] = not left
    arrays["mask"][..., 1, :] = left
    assert np.isnan(check(model, 1, arrays)[:, :, 1]).all()


def test_a_query_that_is_left_no_key_gets_zeros_where_the_graph_says_so() -> None:
    """Exporters replace the NaN by zero behind the softmax."""
    end = """w0 = Softmax<axis = -1>(m) nan = IsNaN(w0) zero = Constant<value_float = 0.0>() w = Where(nan, zero, w0)"""
    model = attention(HEADS, mask=MASKS["kept from nothing"], end=end)
    arrays = inputs_of(model)
    arrays["mask"][..., 1, :] = False
    assert (check(model, 1, arrays)[:, :, 1] == 0).all()


def test_low_finite_masks_leave_a_query_that_sees_nothing_the_mean() -> None:
    """All scores are then the same."""
    model = attention(HEADS, mask=MASKS["kept"])
    arrays = inputs_of(model)
    arrays["mask"][..., 1, :] = False
    np.testing.assert_allclose(check(model, 1, arrays)[:, :, 1], arrays["v"].mean(2), rtol=1e-4, atol=1e-5)


def causal(fill: str) -> onnx.ModelProto:
    """An attention in which a token sees those before it."""
    shapes = {"q": "N,3,7,8", "k": "N,3,7,8", "v": "N,3,7,8"}
    masked = f"""low = Constant<value = float[1,1] {{{fill}}}>() size = Constant<value_ints = [7, 7]>()
        wide = Expand(low, size) one = Constant<value_int = 1>() mask = Trilu<upper = 1>(wide, one) m = Add(s, mask)"""
    return attention(shapes, mask=("", masked))


def _calls(model: onnx.ModelProto) -> list[Any]:
    graph = import_model(model).module.graph
    return [one for one in graph.nodes if one.target is torch.nn.functional.scaled_dot_product_attention]


def test_a_known_triangle_is_told_to_torch_as_causal() -> None:
    """It then leaves out half of the work, as it does for a module that says so."""
    check(causal("-inf"), 1)
    (call,) = _calls(causal("-inf"))
    assert call.kwargs["is_causal"] is True
    assert "attn_mask" not in call.kwargs


def test_a_triangle_that_leaves_weight_is_an_ordinary_mask() -> None:
    """What is hidden by a little still counts."""
    check(causal("-2.0"), 1)
    (call,) = _calls(causal("-2.0"))
    assert "is_causal" not in call.kwargs


def test_layers_share_a_mask_that_is_made_once() -> None:
    """It is the same for all of them."""
    first = f"kt = Transpose<perm = [0, 1, 3, 2]>(k) {LOW}"
    layers = [
        f"s{i} = MatMul({q}, kt) m{i} = Where(mask, s{i}, low) w{i} = Softmax(m{i}) y{i} = MatMul(w{i}, v)"
        for i, q in ((0, "q"), (1, "y0"))
    ]
    shapes = "float[N,3,7,8] q, float[N,3,7,8] k, float[N,3,7,8] v, bool[N,1,1,7] mask"
    model = model_of(18, f"({shapes}) => (float[N,3,7,8] y1) {{ {first} {' '.join(layers)} }}")
    check(model, 2)
    first_call, second = _calls(model)
    assert first_call.kwargs["attn_mask"] is second.kwargs["attn_mask"]


def test_keys_are_a_view_of_what_they_were_transposed_from() -> None:
    """Heads that were split, moved and transposed by one operator stand as the function takes them after one as well."""
    text = """(float[N,7,24] x) => (float[N,3,7,8] y) {
        shape = Constant<value_ints = [-1, 7, 3, 8]>() h = Reshape(x, shape)
        q = Transpose<perm = [0, 2, 1, 3]>(h) kt = Transpose<perm = [0, 2, 3, 1]>(h)
        s = MatMul(q, kt) w = Softmax(s) y = MatMul(w, q) }"""
    check(model_of(18, text), 1)
    (call,) = _calls(model_of(18, text))
    assert call.args[1].target == "permute"
    assert call.args[1].args[1] == (0, 2, 1, 3)


@pytest.mark.parametrize(
    ("keys", "sizes"),
    [("S", "Concat<axis = 0>(first, last, second)"), ("7", "Constant<value_ints = [-1, 3, 8, 7]>()")],
)
def test_keys_that_were_transposed_by_a_detour_over_three_axes_are_not_copied(keys, sizes) -> None:
    """As torch's own exporter writes it."""
    text = f"""(float[N,3,5,8] q, float[N,3,{keys},8] k) => (float[N,3,5,8] y) {{
        shape = Shape(k) zero = Constant<value_ints = [0]>() two = Constant<value_ints = [2]>() three = Constant<value_ints = [3]>()
        four = Constant<value_ints = [4]>() any = Constant<value_ints = [-1]>()
        first = Slice(shape, zero, two) second = Slice(shape, two, three) last = Slice(shape, three, four)
        flat = Concat<axis = 0>(any, second, last) f = Reshape(k, flat) t = Transpose<perm = [0, 2, 1]>(f)
        whole = {sizes} kt = Reshape(t, whole) s = MatMul(q, kt) w = Softmax(s) y = MatMul(w, k) }}"""
    check(model_of(18, text), 1)
    (call,) = _calls(model_of(18, text))
    assert call.args[1].op == "placeholder"


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(lambda: attention({**HEADS, "k": "N,1,S,8"}), id="keys shared by heads"),
        pytest.param(lambda: attention({**HEADS, "q": "1,3,T,8"}), id="one query for a batch"),
        pytest.param(lambda: attention({**HEADS, "v": "N,3,S,4"}), id="values of another width"),
        pytest.param(
            lambda: attention(HEADS, mask=("float[4,1,3,T,S] mask", "m = Add(s, mask)")), id="a mask with more axes"
        ),
        pytest.param(
            lambda: attention({**FIXED, "q": "N,3,1,8"}, mask=("float[5,7] mask", "m = Add(s, mask)")),
            id="a mask with more queries",
        ),
        pytest.param(lambda: attention(HEADS, end="w = Softmax<axis = 2>(m)"), id="a softmax over queries"),
        pytest.param(lambda: attention({"q": "N,8", "k": "S,8", "v": "S,8"}), id="matrices alone"),
        pytest.param(lambda: attention({name: f"2,{shape}" for name, shape in HEADS.items()}), id="five axes"),
    ],
)
def test_what_torchs_function_does_not_take_is_computed_node_by_node(model: Callable[[], onnx.ModelProto]) -> None:
    """With the same results."""
    check(model(), 0)


def test_a_softmax_axis_counted_from_the_front_is_the_last_one() -> None:
    """Of four axes, the fourth."""
    check(attention(HEADS, end="w = Softmax<axis = 3>(m)"), 1)


def _node(inputs: dict[str, list[str | int]], outputs: tuple[str, ...] = ("y",), **attributes: Any) -> onnx.ModelProto:
    """A graph of ONNX's own operator; inputs that are called `mask` and `seen` are its mask."""
    kinds = {"seen": TensorProto.BOOL}
    values = [
        helper.make_tensor_value_info(name, kinds.get(name, TensorProto.FLOAT), one) for name, one in inputs.items()
    ]
    results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs if name]
    nodes = [helper.make_node("Attention", list(inputs), list(outputs), **attributes)]
    graph = helper.make_graph(nodes, "g", values, results)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23)], ir_version=11)


QKV: dict[str, list[str | int]] = {"q": ["N", 6, 5, 8], "k": ["N", 3, 7, 8], "v": ["N", 3, 7, 8]}
FLAT: dict[str, list[str | int]] = {"q": ["N", "T", 24], "k": ["N", "S", 24], "v": ["N", "S", 24]}


@pytest.mark.parametrize(
    ("inputs", "attributes", "fused"),
    [
        pytest.param({**QKV, "q": ["N", 3, 5, 8]}, {}, 1, id="plain"),
        pytest.param(QKV, {"scale": 0.3, "is_causal": 1}, 1, id="heads that share keys, causal"),
        pytest.param({**QKV, "mask": ["N", 1, 5, 7]}, {}, 1, id="mask"),
        pytest.param({**QKV, "mask": [6, 5, 7]}, {}, 1, id="mask of heads"),
        pytest.param({**QKV, "seen": [5, 7]}, {}, 1, id="seen"),
        pytest.param({**FLAT, "seen": ["T", "S"]}, {"q_num_heads": 3, "kv_num_heads": 3}, 1, id="no axis of heads"),
        pytest.param({**QKV, "q": ["N", 3, 5, 8]}, {"softcap": 2.0}, 0, id="a cap"),
        pytest.param({**QKV, "mask": [5, 7]}, {"is_causal": 1}, 0, id="mask and causal"),
    ],
)
def test_the_operator_is_torchs_function_where_that_does_all_of_it(inputs, attributes, fused) -> None:
    """Anything more is imported as ONNX defines it, with the same results."""
    model = _node(inputs, **attributes)
    arrays = inputs_of(model)
    arrays.get("seen", np.ones(1))[0] = False
    check(model, fused, arrays)


def test_one_node_is_taken_apart_and_another_is_not() -> None:
    """What a node asks for decides, not what others of the operator ask for."""
    model = _node({**QKV, "q": ["N", 3, 5, 8]})
    first = helper.make_node("Attention", ["q", "k", "v"], ["z"], softcap=2.0)
    model.graph.node.insert(0, first)
    model.graph.node[1].input[0] = "z"
    check(model, 1)
