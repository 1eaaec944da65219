"""Batch axes that are fixed in the file: made free where that is provably right, and refused elsewhere."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper, parser
from onnx.reference import ReferenceEvaluator

from infer_compare.models import batch_proof
from infer_compare.models.builtin import builtin_models
from infer_compare.models.onnx_graph import read_specs
from infer_compare.models.rebatch import Unproved, note, rebatch, write_rebatched

HEADER = '<ir_version: 8, opset_import: ["" : 17]>\n'


def parse(text, opset=17):
    """A model in ONNX's textual syntax."""
    return parser.parse_model(HEADER.replace("17", str(opset)) + text)


def run(model, *arrays):
    """All outputs of a model."""
    names = [spec.name for spec in read_specs(model)[0]]
    return ReferenceEvaluator(model).run(None, dict(zip(names, arrays, strict=True)))


def rows_of(model, count, seed=1):
    """Random rows for a model of floating inputs."""
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((count, *spec.shape[1:])).astype(spec.dtype) for spec in read_specs(model)[0]]


def check(model, count=5):
    """A rewritten model makes of every row what the original makes of it alone."""
    changed = rebatch(model)
    onnx.checker.check_model(changed, full_check=True)
    assert all(spec.shape[0] == "batch" for spec in (*read_specs(changed)[0], *read_specs(changed)[1]))
    arrays = rows_of(model, count)
    together = run(changed, *arrays)
    for index in range(count):
        alone = run(model, *(array[index : index + 1] for array in arrays))
        for whole, one in zip(together, alone, strict=True):
            assert len(whole) == count
            np.testing.assert_allclose(whole[index : index + 1], one, rtol=1e-4, atol=1e-5)
    return changed


ATTENTION = """g (float[1,6,8] x) => (float[1,6,8] y) <
  int64[4] split = {1, 6, 2, 4}, int64[3] merge = {1, 6, 8}
> {
  h = Reshape(x, split)
  t = Transpose <perm = [0, 2, 1, 3]> (h)
  k = Transpose <perm = [0, 2, 3, 1]> (h)
  s = MatMul(t, k)
  p = Softmax <axis = -1> (s)
  m = MatMul(p, t)
  b = Transpose <perm = [0, 2, 1, 3]> (m)
  y = Reshape(b, merge)
}"""


@pytest.mark.parametrize(
    "graph",
    [
        pytest.param("g (float[1,4] x) => (float[1,4] y) { y = Relu(x) }", id="nothing baked in"),
        pytest.param(ATTENTION, id="heads split off and merged"),
        pytest.param(
            "g (float[1,3,4,4] x) => (float[1,48] y) <int64[2] to = {1, -1}> { y = Reshape(x, to) }",
            id="one and the rest",
        ),
        pytest.param(
            "g (float[1,3,4,4] x) => (float[1,48] y) { to = Constant <value_ints = [1, 48]> () y = Reshape(x, to) }",
            id="a Constant node",
        ),
        pytest.param(
            "g (float[1,6,8] x) => (float[1,6,8] y) <int64[2] flat = {6, 8}, int64[3] back = {1, 6, 8}> "
            "{ f = Reshape(x, flat) r = Tanh(f) y = Reshape(r, back) }",
            id="the batch folded into the tokens",
        ),
        pytest.param(
            "g (float[1,4,6] x) => (float[1,4,3] y) <int64[4] to = {4, 1, 3, 2}> "
            "{ t = Transpose <perm = [1, 0, 2]> (x) r = Reshape(t, to)"
            " m = ReduceMean <axes = [3], keepdims = 0> (r) y = Transpose <perm = [1, 0, 2]> (m) }",
            id="moved to the second axis and back",
        ),
        pytest.param(
            "g (float[1,6] x) => (float[1,3] y) <int64[2] starts = {0, 3}, "
            "int64[2] ends = {1, 6}, int64[2] axes = {0, 1}> { y = Slice(x, starts, ends, axes) }",
            id="a slice that takes the whole batch",
        ),
        pytest.param(
            "g (float[1,2,4] x) => (float[1,3,4] y) <float[1,1,4] token = {1, 2, 3, 4}> "
            "{ y = Concat <axis = 1> (token, x) }",
            id="a token joined to every row",
        ),
        pytest.param(
            "g (float[1,2,4] x) => (float[1,3,4] y) <float[1,1,4] token = {1, 2, 3, 4}, int64[3] to = {1, 1, 4}> "
            "{ t = Expand(token, to) y = Concat <axis = -2> (x, t) }",
            id="a token expanded to the batch",
        ),
        pytest.param(
            "g (float[1,2,3,3] x) => (float[1,2,6,6] y) <int64[4] sizes = {1, 2, 6, 6}> "
            '{ y = Resize <mode = "nearest"> (x, , , sizes) }',
            id="an image resized to sizes",
        ),
    ],
)
def test_a_model_with_one_row_takes_any_number(graph):
    """Whatever held the one was rewritten, and rows stay apart."""
    check(parse(graph))


def test_a_shared_constant_stays_as_it_is_for_others():
    """The same vector may be the target of a reshape and a number to reckon with."""
    model = parse(
        "g (int64[1,2,3] x) => (int64[1,6] y, int64[1,2] z) <int64[2] to = {1, 6}, int64[1] two = {2}> "
        "{ y = Reshape(x, to) i = ReduceSum <keepdims = 0> (x, two) z = Add(i, to) }"
    )
    changed = rebatch(model)
    rows = np.arange(12).reshape(2, 2, 3)
    np.testing.assert_array_equal(run(changed, rows)[1], rows.sum(axis=2) + np.array([1, 6]))


def test_initial_states_of_a_recurrent_net_are_repeated():
    """An exported LSTM starts from zeros of one row."""
    rng = np.random.default_rng(0)
    weights = {
        "w": rng.standard_normal((1, 12, 4)),
        "r": rng.standard_normal((1, 12, 3)),
        "h0": rng.standard_normal((1, 1, 3)),
        "c0": np.zeros((1, 1, 3)),
    }
    nodes = [
        helper.make_node("Transpose", ["x"], ["steps"], perm=[1, 0, 2]),
        helper.make_node("LSTM", ["steps", "w", "r", "", "", "h0", "c0"], ["states"], hidden_size=3),
        helper.make_node("Squeeze", ["states", "one"], ["flat"]),
        helper.make_node("Transpose", ["flat"], ["y"], perm=[1, 0, 2]),
    ]
    constants = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()]
    constants.append(numpy_helper.from_array(np.array([1]), "one"))
    graph = helper.make_graph(
        nodes,
        "recurrent",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 5, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 5, 3])],
        constants,
    )
    check(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8))


def test_a_batch_size_other_than_one_is_made_free_too():
    """Row by row it is what the file's own batches give."""
    model = parse(
        "g (float[4,2,4] x) => (float[4,12] y) <float[4,1,4] token = {1,2,3,4, 1,2,3,4, 1,2,3,4, 1,2,3,4}, "
        "int64[2] to = {4, 12}> { j = Concat <axis = 1> (token, x) y = Reshape(j, to) }"
    )
    changed = rebatch(model)
    (rows,) = rows_of(model, 4)
    (wanted,) = run(model, rows)
    np.testing.assert_allclose(run(changed, rows[:3])[0], wanted[:3])
    np.testing.assert_allclose(run(changed, rows[3:])[0], wanted[3:])


@pytest.mark.parametrize("name", ["cnn", "lstm", pytest.param("bert_small", marks=pytest.mark.slow)])
def test_built_in_models_that_were_fixed_are_freed_again(name):
    """With real sizes, two inputs, and inputs filled as the metadata say."""
    model = builtin_models()[name].build(0)
    constants = {one.name: one for one in model.graph.initializer}
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 1
    for node in model.graph.node:
        if node.op_type == "Reshape":
            target = constants[node.input[1]]
            sizes = numpy_helper.to_array(target).copy()
            sizes[0] = 1
            target.CopyFrom(numpy_helper.from_array(sizes, target.name))
    changed = rebatch(model)
    assert all(spec.shape[0] == "batch" for spec in (*read_specs(changed)[0], *read_specs(changed)[1]))


@pytest.mark.parametrize(
    ("graph", "reason"),
    [
        ("g (float[1,4] x) => (float s) { s = ReduceSum <keepdims = 0> (x) }", "no batch axis"),
        (
            "g (float[1,4] x) => (float[4] y) <int64[1] zero = {0}> { y = Squeeze(x, zero) }",
            r"output 'y'|fit one another|fails with 3 rows",
        ),
        (
            "g (float[1,4] x) => (float[1,4] y) { m = ReduceMean <axes = [0]> (x) y = Mul(x, m) }",
            "rows of its output 'y' then depend on how many there are",
        ),
        (
            "g (float[1,4] x) => (float[1,4] y) <float[1] zero = {0}> { y = Mul(x, zero) }",
            "hardly depends on the inputs",
        ),
        (
            "g (float[1,4] x) => (float[1,4] y) { n = RandomNormalLike(x) y = Add(x, n) }",
            "rows of its output 'y' then depend",
        ),
        (
            "g (float[1,4] x, float[2,4] z) => (float[2,4] y) { y = Add(x, z) }",
            "first axes of its inputs have the sizes 1, 2",
        ),
        (
            "g (float[1,steps] x) => (float[1,steps] y) { y = Relu(x) }",
            "axis 'steps' of its input 'x' is free already",
        ),
    ],
)
def test_what_cannot_be_proved_is_refused_with_the_reason(graph, reason):
    """The end of a sentence says it."""
    with pytest.raises(Unproved, match=reason):
        rebatch(parse(graph))


def test_an_operator_without_an_evaluation_is_refused():
    """Nothing can be proved of it."""
    model = parse("g (float[1,4] x) => (float[1,4] y) { y = Relu(x) }")
    model.graph.node[0].domain = "somewhere.else"
    model.opset_import.add(domain="somewhere.else", version=1)
    with pytest.raises(Unproved, match="the cost of checking it cannot be estimated"):
        rebatch(model)


def test_a_proof_that_would_take_too_long_is_not_begun(monkeypatch):
    """The sentence tells the work and the limit."""
    monkeypatch.setattr(batch_proof, "MOST_FLOPS", 1e9)
    model = parse("g (float[1,16384] x) => (float[1,16384] y) <float[1] one = {1}> { y = Mul(x, one) }")
    graph = model.graph
    del graph.node[:]
    graph.node.append(helper.make_node("MatMul", ["x", "w"], ["y"]))
    graph.initializer.append(TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[16384, 16384]))
    with pytest.raises(Unproved, match=r"the proof would take 3\.76 billion operations, and 1 are the limit"):
        rebatch(model)


def test_metadata_decide_what_the_rows_of_the_proof_are():
    """Indices out of range would make the evaluator fail, and indices all alike would prove nothing."""
    model = parse(
        "g (int64[1,3] ids) => (float[1,3,2] y) <float[6,2] table = {0,1,2,3,4,5,6,7,8,9,10,11}, "
        "int64[3] to = {1, 3, 2}> { e = Gather <axis = 0> (table, ids) y = Reshape(e, to) }"
    )
    helper.set_model_props(model, {"infer_compare.input.ids": "randint(2,6)"})
    assert read_specs(rebatch(model))[0][0].shape == ("batch", 3)
    helper.set_model_props(model, {"infer_compare.input.ids": "randint(100,101)"})
    with pytest.raises(Unproved, match="the rewritten model fails with 3 rows"):
        rebatch(model)
    helper.set_model_props(model, {"infer_compare.input.ids": "ones"})
    with pytest.raises(Unproved, match="hardly depends"):
        rebatch(model)
    helper.set_model_props(model, {"infer_compare.input.ids": "@ids.npz"})
    with pytest.raises(Unproved, match="its inputs cannot be made"):
        rebatch(model)


def test_functions_of_the_model_are_written_out():
    """A reshape inside of one holds the batch as well."""
    model = parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17, "own" : 1]>\n'
        "g (float[1,2,3] x) => (float[1,6] y) { y = own.flat(x) }\n"
        '<domain: "own", opset_import: ["" : 17]>\n'
        "flat (v) => (w) { to = Constant <value_ints = [1, 6]> () w = Reshape(v, to) }"
    )
    assert not check(model).functions


def test_the_rewritten_file_and_the_sentence(tmp_path):
    """It is read back as it was written; the sentence says what was done."""
    changed = rebatch(parse("g (float[2,4] x) => (float[2,4] y) { y = Relu(x) }"))
    path = write_rebatched(changed, tmp_path / "run", "net")
    assert onnx.load(path) == changed
    assert [one.name for one in path.parent.iterdir()] == ["net-free-batch.onnx"]
    assert note(2) == "The batch axis was fixed at 2; it was made free and checked on 3 rows."
