"""Functions of a file, and operators that ONNX defines by others, written out for an importer that lacks them."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper, parser

from infer_compare.models.expansion import expanded
from infer_compare.models.onnx_graph import OpRegistry, read_graph

LACKING: OpRegistry[str] = OpRegistry("nothing")
"""An importer without any rule."""


def parsed(graph: str, functions: str = "", opset: int = 23) -> onnx.ModelProto:
    """A model out of ONNX's textual syntax."""
    return parser.parse_model(f'<ir_version: 11, opset_import: ["" : {opset}, "own" : 1]>\ng {graph}\n{functions}')


def operators(model: onnx.ModelProto) -> set[str]:
    """The operators of the main graph, with their domains where these are not ONNX's."""
    return {node.operator for node in read_graph(model).nodes}


def test_a_function_of_the_file_is_written_out_with_the_attributes_of_its_call() -> None:
    """Each call has its own."""
    function = """<domain: "own", opset_import: ["" : 23]>
        Act <alpha> (X, S) => (Y) { t = Mul(X, S) u = LeakyRelu<alpha: float = @alpha>(t) Y = Neg(u) }"""
    model = parsed(
        """(float[N,4] x) => (float[N,4] y) <float[4] s = {1.,2.,3.,4.}> {
        a = own.Act<alpha = 0.25>(x, s) y = own.Act<alpha = 0.5>(a, s) }""",
        function,
    )
    registry: OpRegistry[str] = OpRegistry("some")
    registry.register("LeakyRelu", 16)("rule")
    nodes = read_graph(expanded(model, registry)).nodes
    assert [node.op_type for node in nodes] == ["Mul", "LeakyRelu", "Neg"] * 2
    assert [node.attributes["alpha"] for node in nodes if node.op_type == "LeakyRelu"] == [0.25, 0.5]


def test_a_call_that_leaves_an_attribute_out_has_the_functions_default() -> None:
    """In the graph and in another function."""
    function = """<domain: "own", opset_import: ["" : 23]>
        Act <alpha: float = 0.25> (X) => (Y) { Y = LeakyRelu<alpha: float = @alpha>(X) }
        <domain: "own", opset_import: ["" : 23, "own" : 1]>
        Outer (X) => (Y) { Y = own.Act(X) }"""
    model = parsed(
        "(float[N,4] x) => (float[N,4] y) { a = own.Act(x) b = own.Act<alpha = 0.5>(a) y = own.Outer(b) }", function
    )
    registry: OpRegistry[str] = OpRegistry("some")
    registry.register("LeakyRelu", 16)("rule")
    nodes = read_graph(expanded(model, registry)).nodes
    assert [node.attributes["alpha"] for node in nodes] == [0.25, 0.5, 0.25]


def test_a_definition_that_depends_on_types_finds_those_of_initializers() -> None:
    """A scale is an initializer in every file."""
    model = parsed(
        "(float[N,8] x) => (float[N,8] y) <float[8] g = {1.,2.,3.,4.,5.,6.,7.,8.}> { y = RMSNormalization(x, g) }"
    )
    made = expanded(model, LACKING)
    assert "RMSNormalization" not in operators(made)
    assert np.array_equal(read_graph(made).constants["g"], np.arange(1, 9, dtype=np.float32))


def test_a_node_that_cannot_be_expanded_does_not_undo_the_others() -> None:
    """An input of unknown type hides what Attention would be; it stays, and is refused by its name."""
    model = parsed(
        """(float[N,2,3,8] x) => (float[N,2,3,8] y) <float[8] g = {1.,2.,3.,4.,5.,6.,7.,8.}> {
        a = own.Unknown(x) b = Attention(a, a, a) c = RMSNormalization(x, g) y = Add(b, c) }"""
    )
    found = operators(expanded(model, LACKING))
    assert {"own.Unknown", "Attention"} <= found
    assert "RMSNormalization" not in found


def test_optional_inputs_that_are_left_out_stay_out() -> None:
    """A past without a mask."""
    model = parsed(
        """(float[N,3,8] x, float[N,2,4,4] p) => (float[N,3,8] y, float[N,2,7,4] k, float[N,2,7,4] v) {
        y, k, v = Attention<q_num_heads = 2, kv_num_heads = 2>(x, x, x, , p, p) }"""
    )
    made = expanded(model, LACKING)
    assert "Attention" not in operators(made)
    onnx.checker.check_model(made, full_check=True)


def test_an_operator_with_a_rule_stays_as_it_is() -> None:
    """And a model without anything to expand is handed back itself."""
    model = parsed("(float[N,8] x) => (float[N,8] y) { y = Gelu(x) }")
    registry: OpRegistry[str] = OpRegistry("some")
    registry.register("Gelu", 20)("rule")
    assert expanded(model, registry) is model
    assert "Gelu" not in operators(expanded(model, LACKING))


def test_operators_inside_of_branches_are_expanded_too() -> None:
    """With values from around the branch."""
    model = parsed(
        """(float[N,8] x, bool c) => (float[N,8] y) <float[8] g = {1.,2.,3.,4.,5.,6.,7.,8.}> {
        y = If (c) <then_branch = t () => (float[N,8] a) { a = RMSNormalization(x, g) },
                    else_branch = e () => (float[N,8] b) { b = Neg(x) }> }"""
    )
    (node,) = read_graph(expanded(model, LACKING)).nodes
    assert "RMSNormalization" not in {one.op_type for one in node.attributes["then_branch"].nodes}


@pytest.mark.parametrize("opset", [17, 18])
def test_the_definition_is_that_of_the_models_opset(opset: int) -> None:
    """ReduceMean takes its axes as an input since 18."""
    model = parsed("(float[N,8] x) => (float[N,8] y) { y = MeanVarianceNormalization<axes = [1]>(x) }", opset=opset)
    made = expanded(model, LACKING)
    assert "MeanVarianceNormalization" not in operators(made)
    mean = next(node for node in made.graph.node if node.op_type == "ReduceMean")
    assert helper.get_node_attr_value(mean, "axes") == [1] if opset < 18 else len(mean.input) == 2
