"""Small ONNX graphs imported into torch, against ONNX's reference at several batch sizes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, save
from onnx.reference import ReferenceEvaluator

from infer_compare.backends import ModelError, UnsupportedModel

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
    reference,
    window_model,
)

torch = pytest.importorskip("torch")

from infer_compare_torch.importer import import_model, import_onnx  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

    import onnx
    from numpy.typing import NDArray

    from ..onnx_graphs import Reference


def run(module: Any, arrays: list[NDArray[Any]]) -> list[NDArray[Any]]:
    """The module's outputs as arrays."""
    with torch.inference_mode():
        results = module(*(torch.from_numpy(one) for one in arrays))
    return [one.numpy() for one in (results if isinstance(results, tuple) else (results,))]


def check(
    model: onnx.ModelProto,
    *,
    rtol: float = 1e-4,
    batches: tuple[int, ...] = BATCHES,
    expected_by: Reference = reference,
) -> Any:
    """Imports a model, compares it with another implementation at each batch size, and returns the module."""
    module = import_model(model).module
    compare(model, partial(run, module), batches=batches, expected_by=expected_by, rtol=rtol, atol=1e-5)
    return module


@pytest.mark.parametrize(("family", "name"), CASES)
def test_an_imported_graph_equals_the_reference(family: str, name: str) -> None:
    """A module gives what ONNX's reference gives, at batches 1, 3 and 5 alike."""
    check(model_of(*GRAPHS[name]), expected_by=OTHER_REFERENCES.get(family, reference))


@pytest.mark.parametrize("name", EARLIER)
def test_earlier_versions_of_an_operator_keep_their_meaning(name: str) -> None:
    """An operator means what its schema at the model's opset says, not what a later one says."""
    opset, text, expected = EARLIER[name]
    model = model_of(opset, text)
    module = import_model(model).module
    for size in BATCHES:
        arrays = batch_for(model, size)
        np.testing.assert_allclose(run(module, arrays)[0], expected(arrays[0]), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("op_type", "weight", "rank", "attributes"), WINDOWS)
def test_windows_lie_where_onnx_puts_them(
    op_type: str, weight: tuple[int, ...], rank: int, attributes: dict[str, Any]
) -> None:
    """Convolutions and pools follow every rule of padding, dilation and rounding."""
    check(window_model(op_type, weight, rank, **attributes), batches=(1, 3))


def test_an_output_shape_is_reached_by_paddings_that_follow_from_it() -> None:
    """A transposed convolution told its output's size cuts what is too much, the odd place at the start."""
    told = window_model("ConvTranspose", (4, 3, 3), 1, strides=[3], output_shape=[20])
    padded = window_model("ConvTranspose", (4, 3, 3), 1, strides=[3], pads=[1, 0])
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
    with pytest.raises(
        UnsupportedModel, match=r"StringNormalizer \(node 'norm', opset 17\) cannot be imported into torch"
    ):
        import_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))


def test_an_older_version_without_a_rule_is_refused() -> None:
    """An operator at an opset before 7 that has other rules is not read by a later one's."""
    model = model_of(6, "(float[N,3] x) => (float[N,3] y) { y = Add(x, x) }")
    with pytest.raises(UnsupportedModel, match=r"Add .*opset 6.*versions 7, 13, 14 only, but the model uses version 6"):
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
