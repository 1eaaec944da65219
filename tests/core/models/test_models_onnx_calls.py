"""Nodes that do not fit their operators are refused by name where a file is read, as ONNX Runtime refuses them."""

from __future__ import annotations

import onnx
import pytest
from onnx import helper, parser

from infer_compare.errors import ModelError
from infer_compare.models.onnx_file import parse_onnx

FUNCTIONS = """<ir_version: 8, opset_import: ["" : 17, "own" : 1]>
g (float[N,4] x) => (float[N,4] y) { y = own.twice(x, x) }
<domain: "own", opset_import: ["" : 17]> twice (a) => (b) { b = Add(a, a) }"""


def refusal(folder, text: str, opset: int = 17) -> str:
    """The sentence about a model in ONNX's textual syntax."""
    if not text.startswith("<"):
        text = f'<ir_version: 8, opset_import: ["" : {opset}]>\ng (float[N,4] x) => (float[N,4] y) {text}'
    path = folder / "net.onnx"
    path.write_bytes(parser.parse_model(text).SerializeToString())
    with pytest.raises(ModelError) as error:
        parse_onnx(path)
    return str(error.value).removeprefix(f"{path} is not a valid ONNX file: ")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{ y = EyeLike() }", "ONNX operator EyeLike (node 'y', opset 17) lacks the input 'input'"),
        ("{ y = Add(x, ) }", "ONNX operator Add (node 'y', opset 17) lacks the input 'B'"),
        ("{ y = Relu(x, x) }", "ONNX operator Relu (node 'y', opset 17) has 2 inputs, and takes at most 1"),
        ("{ y = Relu(z) }", "ONNX operator Relu (node 'y', opset 17) takes 'z', which no node computes"),
        ("{ z = Relu(x) }", "no node computes its output 'y'"),
        ("{ y = Concat(x, x) }", "ONNX operator Concat (node 'y', opset 17) lacks the attribute 'axis'"),
        (
            '{ y = Concat<axis = "rows">(x, x) }',
            "ONNX operator Concat (node 'y', opset 17) has the attribute 'axis' as a text, which must be an integer",
        ),
        (
            "{ y = Relu<slope = 1>(x) }",
            "ONNX operator Relu (node 'y', opset 17) has the attribute 'slope', which the operator does not know",
        ),
        (
            "{ y = GatherND<batch_dims = -9>(x, x) }",
            "ONNX operator GatherND (node 'y', opset 17) has the attribute 'batch_dims' as -9, which must be 0 or more",
        ),
        (
            """{ c = Constant<value = bool {1}>() y = If (c) <
            then_branch = t () => (float[N,4] a) { a = Relu() },
            else_branch = e () => (float[N,4] b) { b = Neg(x) }> }""",
            "ONNX operator Relu (node 'a', opset 17) lacks the input 'X'",
        ),
        (FUNCTIONS, "ONNX operator own.twice (node 'y', opset 1) has 2 inputs, and its function takes 1"),
    ],
)
def test_what_is_wrong_with_a_node_is_said_with_its_operator_and_what_to_do(tmp_path, text, sentence):
    """Some of these end the process in ONNX's own shape inference."""
    assert refusal(tmp_path, text) == f"{sentence}; export the model again."


def test_operators_of_unknown_domains_and_notes_of_tools_are_left_to_those_who_run_them(tmp_path):
    """Only ONNX's own definitions are known here."""
    nodes = [
        helper.make_node("Anything", ["x", "x", "x"], ["a"], domain="com.example", whatever=1),
        helper.make_node("Relu", ["a"], ["y"], __note="kept"),
    ]
    values = [helper.make_tensor_value_info(name, 1, ["N", 4]) for name in "xy"]
    graph = helper.make_graph(nodes, "g", values[:1], values[1:])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.example", 1)]
    path = tmp_path / "net.onnx"
    path.write_bytes(helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString())
    assert isinstance(parse_onnx(path), onnx.ModelProto)


def test_nodes_in_any_order_are_brought_into_the_one_in_which_they_are_computed(tmp_path):
    """ONNX Runtime runs such files, which are often made by hand; a graph inside a node counts as what it takes."""
    text = """{ y = Add(b, c)
        b = If (k) < then_branch = t () => (float[N,4] r) { r = Neg(a) }, else_branch = e () => (float[N,4] s) { s = Abs(a) } >
        c = Relu(a) a = Exp(x) k = Constant<value = bool {1}>() }"""
    path = tmp_path / "net.onnx"
    model = parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]>\ng (float[N,4] x) => (float[N,4] y) {text}')
    path.write_bytes(model.SerializeToString())
    assert [node.output[0] for node in parse_onnx(path).graph.node] == ["a", "k", "b", "c", "y"]


def test_nodes_that_need_each_other_are_refused(tmp_path):
    """Nobody can compute them."""
    assert refusal(tmp_path, "{ a = Neg(b) b = Neg(a) y = Add(a, x) }") == (
        "its nodes need each other's outputs; export the model again."
    )
