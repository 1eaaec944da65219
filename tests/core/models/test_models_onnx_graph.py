"""Reading an ONNX file into plain values."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.defs import onnx_opset_version

from infer_compare.errors import UnsupportedModel
from infer_compare.interfaces import TensorSpec
from infer_compare.models.onnx_graph import (
    Graph,
    Node,
    OpRegistry,
    read_graph,
    read_specs,
)

RELU = helper.make_node("Relu", ["x"], ["y"], name="r")


def test_a_graph_has_inputs_outputs_constants_and_nodes(model):
    """Initializers are constants, whether they are listed as inputs or not."""
    made = model(
        [helper.make_node("Add", ["x", "c"], ["y"], name="sum")],
        inputs=[("x", TensorProto.FLOAT, ["N", 4]), ("c", TensorProto.FLOAT, [4])],
        outputs=[("y", TensorProto.FLOAT, ["N", 4])],
        constants={"c": np.arange(4, dtype=np.float32)},
    )
    graph = read_graph(made)
    assert graph.inputs == (TensorSpec("x", "float32", ("N", 4)),)
    assert graph.outputs == (TensorSpec("y", "float32", ("N", 4)),)
    assert graph.output_names == ("y",)
    assert np.array_equal(graph.constants["c"], np.arange(4))
    assert graph.nodes == (Node("Add", "", "sum", ("x", "c"), ("y",), {}, 20),)


def test_a_file_and_a_loaded_model_read_alike(write, model):
    """Importers start from either."""
    assert read_graph(write([RELU])) == read_graph(model([RELU]))


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        ({"value_float": 1.5}, np.array(1.5, np.float32)),
        ({"value_floats": [1.0, 2.0]}, np.array([1, 2], np.float32)),
        ({"value_int": 3}, np.array(3, np.int64)),
        ({"value_ints": [3, 4]}, np.array([3, 4], np.int64)),
        ({"value": numpy_helper.from_array(np.eye(2))}, np.eye(2)),
    ],
)
def test_constant_nodes_become_constants(model, attribute, expected):
    """Every way to write a constant gives an array of the dtype that ONNX says."""
    made = model(
        [
            helper.make_node("Constant", [], ["c"], **attribute),
            helper.make_node("Identity", ["c"], ["y"]),
        ]
    )
    graph = read_graph(made)
    assert [node.op_type for node in graph.nodes] == ["Identity"]
    assert graph.constants["c"].dtype == expected.dtype
    assert np.array_equal(graph.constants["c"], expected)


def test_strings_and_sparse_constants(model):
    """Strings are arrays of objects; sparse tensors have all their zeros."""
    made = model(
        [helper.make_node("Constant", [], ["c"], value_strings=["a", "b"]), helper.make_node("Identity", ["c"], ["y"])]
    )
    assert read_graph(made).constants["c"].tolist() == ["a", "b"]
    values = helper.make_tensor("v", TensorProto.FLOAT, [1], [1.0])
    places = helper.make_tensor("i", TensorProto.INT64, [1], [2])
    sparse = helper.make_sparse_tensor(values, places, [4])
    made = model(
        [helper.make_node("Constant", [], ["c"], sparse_value=sparse), helper.make_node("Identity", ["c"], ["y"])]
    )
    assert read_graph(made).constants["c"].tolist() == [0, 0, 1, 0]


def test_a_model_of_an_unknown_opset_is_refused_by_its_number(model):
    """Nobody knows what its operators compute; the newest one that is known is named too."""
    with pytest.raises(UnsupportedModel, match=rf"uses opset 99, .* supports opsets up to {onnx_opset_version()}"):
        read_graph(model([RELU], opset=99))


def test_attributes_are_plain_values(model):
    """Ints, floats, text and tuples, with bytes decoded."""
    node = helper.make_node("Conv", ["x", "w"], ["y"], auto_pad="SAME_UPPER", strides=[1, 2], group=1)
    attributes = read_graph(model([node])).nodes[0].attributes
    assert attributes == {"auto_pad": "SAME_UPPER", "strides": (1, 2), "group": 1}
    node = helper.make_node("LSTM", ["x"], ["y"], activations=["Tanh", "Relu"], clip=2.5)
    assert read_graph(model([node])).nodes[0].attributes == {"activations": ("Tanh", "Relu"), "clip": 2.5}


def test_nodes_that_nothing_uses_are_dropped(model):
    """Only what leads to an output is imported."""
    made = model(
        [
            helper.make_node("Neg", ["x"], ["unused"]),
            helper.make_node("Abs", ["unused"], ["unused too"]),
            RELU,
        ]
    )
    assert [node.op_type for node in read_graph(made).nodes] == ["Relu"]


def test_an_optional_input_that_is_left_out_keeps_nothing_alive(model):
    """The empty name is no value: a dead node with an optional output left out stays dead."""
    made = model(
        [
            helper.make_node("Dropout", ["x"], ["unused", ""]),
            helper.make_node("Clip", ["x", "", "top"], ["y"]),
        ],
        constants={"top": np.float32(1)},
    )
    graph = read_graph(made)
    assert [node.op_type for node in graph.nodes] == ["Clip"]
    assert graph.nodes[0].inputs == ("x", "", "top")


def test_subgraphs_are_graphs_and_keep_what_they_capture_alive(model):
    """A branch may use values from outside without listing them."""
    branch = helper.make_graph(
        [helper.make_node("Add", ["x", "outside"], ["sum"])],
        "branch",
        [],
        [helper.make_tensor_value_info("sum", TensorProto.FLOAT, None)],
    )
    made = model(
        [
            helper.make_node("Neg", ["x"], ["outside"]),
            helper.make_node("If", ["yes"], ["y"], then_branch=branch, else_branch=branch),
        ],
        constants={"yes": np.array(True)},
    )
    graph = read_graph(made)
    assert [node.op_type for node in graph.nodes] == ["Neg", "If"]
    inner = graph.nodes[1].attributes["then_branch"]
    assert isinstance(inner, Graph)
    assert inner.nodes[0].inputs == ("x", "outside")


def test_local_functions_are_inlined(model):
    """Exporters write modules as functions of the model."""
    made = model([helper.make_node("Twice", ["x"], ["y"], domain="local")])
    made.opset_import.append(helper.make_opsetid("local", 1))
    made.functions.append(
        helper.make_function(
            "local", "Twice", ["a"], ["b"], [helper.make_node("Add", ["a", "a"], ["b"])], [helper.make_opsetid("", 20)]
        )
    )
    assert [node.op_type for node in read_graph(made).nodes] == ["Add"]


def test_axes_without_a_name_get_one_by_their_place(model):
    """A size of zero or below, which some exporters write, is a free axis too."""
    made = model(
        [RELU],
        inputs=[("x", TensorProto.FLOAT, [None, 3, "h", None])],
        outputs=[("y", TensorProto.FLOAT, [-1, 3, 0, 7])],
    )
    inputs, outputs = read_specs(made)
    assert inputs[0].shape == ("axis0", 3, "h", "axis3")
    assert outputs[0].shape == ("axis0", 3, "axis2", 7)


def test_inputs_that_are_no_tensors_are_unsupported(model):
    """Sequences cannot be batched."""
    made = model([RELU])
    del made.graph.input[:]
    made.graph.input.append(helper.make_tensor_sequence_value_info("x", TensorProto.FLOAT, None))
    with pytest.raises(UnsupportedModel, match="'x' is a sequence"):
        read_graph(made)


def node(op_type: str, opset: int, domain: str = "") -> Node:
    """A node to look a handler up for."""
    return Node(op_type, domain, "n", ("x",), ("y",), {}, opset)


def test_a_handler_is_found_by_the_schema_in_force_at_the_opset():
    """Softmax of opset 11 flattens, that of opset 13 does not."""
    registry: OpRegistry[str] = OpRegistry("testing")
    registry.register("Softmax", 1, 11)("flattens")
    registry.register("Softmax", 13)("one axis")
    assert registry.find(node("Softmax", 12)) == "flattens"
    assert registry.find(node("Softmax", 13)) == "one axis"
    assert registry.find(node("Softmax", 20)) == "one axis"
    assert registry.operators == {"Softmax": (1, 11, 13)}


def test_a_version_without_a_handler_is_refused_and_not_read_by_an_older_rule():
    """The sentence names the operator, the node and the opset."""
    registry: OpRegistry[str] = OpRegistry("testing")
    registry.register("Softmax", 11)("flattens")
    with pytest.raises(UnsupportedModel, match=r"Softmax \(node 'n', opset 20\) .* versions 11 only, .* version 13"):
        registry.find(node("Softmax", 20))


def test_unknown_operators_and_domains_are_refused():
    """Whatever handlers there are."""
    registry: OpRegistry[str] = OpRegistry("testing")
    registry.register("Relu", 14)("relu")
    registry.register("Frobnicate", 1)("frob")
    with pytest.raises(UnsupportedModel, match="cannot be imported into testing"):
        registry.find(node("Abs", 20))
    with pytest.raises(UnsupportedModel, match=r"com\.example\.Relu"):
        registry.find(node("Relu", 1, "com.example"))
    with pytest.raises(UnsupportedModel, match="unknown to the installed onnx"):
        registry.find(node("Frobnicate", 20))


def test_two_handlers_for_one_version_are_a_mistake():
    """It shows when the importer is loaded."""
    registry: OpRegistry[str] = OpRegistry("testing")
    registry.register("Relu", 14)("relu")
    with pytest.raises(ValueError, match="two handlers"):
        registry.register("Relu", 13, 14)("other")


def test_operators_of_other_domains_are_named_with_them_and_with_a_remedy(model):
    """ONNX's Attention is not that of ONNX Runtime."""
    registry: OpRegistry[str] = OpRegistry("Testing")
    nodes = [
        helper.make_node("Attention", ["x", "x"], ["a"], domain="com.microsoft"),
        helper.make_node("BiasGelu", ["a", "x"], ["y"], domain="com.microsoft"),
    ]
    with pytest.raises(UnsupportedModel) as refusal:
        registry.check(read_graph(model(nodes)))
    assert str(refusal.value).startswith("ONNX operator com.microsoft.Attention (node 'a', opset 1) cannot be imported")
    assert "and neither can com.microsoft.BiasGelu;" in str(refusal.value)
    assert "before ONNX Runtime fused" in str(refusal.value)
    assert "--model testing=FILE" in str(refusal.value)


def test_checking_a_graph_names_every_missing_operator(model):
    """So that people see all of them at once."""
    registry: OpRegistry[str] = OpRegistry("testing")
    registry.register("Relu", 14)("relu")
    registry.check(read_graph(model([RELU])))
    chain = [helper.make_node("Abs", ["x"], ["a"], name="first"), helper.make_node("Neg", ["a"], ["y"])]
    with pytest.raises(
        UnsupportedModel,
        match=r"Abs \(node 'first', opset 20\) cannot be imported into testing, and neither can Neg; give this backend another model",
    ):
        registry.check(read_graph(model(chain)))
