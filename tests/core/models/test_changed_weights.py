"""A model beside copies in which one weight tensor each is changed."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from infer_compare.models.builtin import builtin_models
from infer_compare.models.changed_weights import FACTOR, TENSORS, changed_weights


def model(nodes, constants, outputs=("y",)) -> onnx.ModelProto:
    """A small model of one input of four numbers a row."""
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 4]) for name in outputs]
    given = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])]
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "small", given, values, tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def two_outputs() -> onnx.ModelProto:
    """`y` depends on `a` and `b`, `z` on `a` alone; `half` and `nothing` are no weights."""
    node = helper.make_node
    rng = np.random.default_rng(0)
    return model(
        [
            node("MatMul", ["x", "a"], ["h"]),
            node("Mul", ["h", "half"], ["z"]),
            node("MatMul", ["z", "b"], ["o"]),
            node("Add", ["o", "nothing"], ["y"]),
        ],
        {
            "a": rng.standard_normal((4, 4)).astype(np.float32),
            "b": rng.standard_normal((4, 4)).astype(np.float32),
            "half": np.float32([0.5]),
            "nothing": np.zeros(4, np.float32),
        },
        ("y", "z"),
    )


def test_every_copy_computes_what_the_model_with_that_tensor_changed_does():
    """An output that does not depend on the tensor is that of the original."""
    rows = np.random.default_rng(1).standard_normal((3, 4)).astype(np.float32)
    made = changed_weights(two_outputs())
    assert [change.tensor for change in made.changes] == ["a", "b"]
    onnx.checker.check_model(made.model)
    together = ReferenceEvaluator(made.model).run(None, {"x": rows})
    np.testing.assert_array_equal(together[:2], ReferenceEvaluator(two_outputs()).run(None, {"x": rows}))
    for change in made.changes:
        alone = two_outputs()
        tensor = next(one for one in alone.graph.initializer if one.name == change.tensor)
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) * np.float32(FACTOR), tensor.name))
        wanted = ReferenceEvaluator(alone).run(None, {"x": rows})
        np.testing.assert_array_equal([together[place] for place in change.outputs], wanted)
    assert made.changes[1].outputs[1] == 1


def test_of_many_tensors_some_are_changed_evenly_over_the_graph():
    """The first and the last are among them."""
    original = builtin_models()["cnn"].build(0)
    names = [one.name for one in original.graph.initializer if one.data_type == TensorProto.FLOAT and one.dims]
    made = changed_weights(builtin_models()["cnn"].build(0))
    assert len(made.changes) == min(TENSORS, len(names))
    assert {made.changes[0].tensor, made.changes[-1].tensor} <= set(names)
    assert len({change.tensor for change in made.changes}) == len(made.changes)
    onnx.checker.check_model(made.model)


@pytest.mark.parametrize("what", ["no weights", "a subgraph"])
def test_a_model_that_cannot_be_changed_so_is_left_alone(what):
    """It has nothing to change, or nodes whose inputs stand in no list."""
    node = helper.make_node
    if what == "no weights":
        assert changed_weights(model([node("Mul", ["x", "half"], ["y"])], {"half": np.float32(0.5)})) is None
        return
    inner = helper.make_graph(
        [node("Add", ["x", "w"], ["inner"])],
        "inner",
        [],
        [helper.make_tensor_value_info("inner", TensorProto.FLOAT, ["batch", 4])],
    )
    both = node("If", ["yes"], ["y"], then_branch=inner, else_branch=inner)
    assert changed_weights(model([both], {"yes": np.bool_(True), "w": np.ones(4, np.float32)})) is None
