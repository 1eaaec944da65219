"""Attention found in ONNX graphs."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper

from infer_compare.models.attention import Attention, AttentionFinder, Mask
from infer_compare.models.onnx_graph import read_graph

HEADS = ("batch", 2, "tokens", 4)


def _node(op_type, *names, **attributes):
    *inputs, output = names
    return helper.make_node(op_type, inputs, [output], name=output, **attributes)


TRANSPOSED = _node("Transpose", "k", "kt", perm=[0, 1, 3, 2])
SCORES = _node("MatMul", "q", "kt", "s0")
SCALED = _node("Mul", "s0", "scale", "s")
MASKED = _node("Add", "s", "mask", "m")
WEIGHTS = _node("Softmax", "m", "w", axis=-1)
MIXED = _node("MatMul", "w", "v", "y")


@pytest.fixture
def graph(model):
    """A graph of nodes over query, key, value and a mask."""

    def make(*nodes, outputs=("y",), opset=20, **constants):
        constants = {"scale": 0.5, "low": np.finfo(np.float32).min, "none": -np.inf, "zero": 0.0, **constants}
        used = {name for node in nodes for name in node.input}
        return read_graph(
            model(
                list(nodes),
                inputs=[
                    *((name, TensorProto.FLOAT, HEADS) for name in ("q", "k", "v")),
                    ("mask", TensorProto.FLOAT, ("batch", 1, 1, "tokens")),
                    ("seen", TensorProto.BOOL, ("batch", 1, 1, "tokens")),
                ],
                outputs=[(name, TensorProto.FLOAT, HEADS) for name in outputs],
                constants={name: np.asarray(one, np.float32) for name, one in constants.items() if name in used},
                opset=opset,
            )
        )

    return make


def _found(graph):
    finder = AttentionFinder(graph)
    return [attention for node in graph.nodes if (attention := finder.ending_in(node)) is not None]


def _attention(**changes):
    parts = {"query": "q", "keys": "kt", "value": "v", "scale": 0.5, "mask": None, "axis": -1, "zeroed": False}
    return Attention(**{**parts, "output": "y", **changes})


def test_products_with_a_scale_a_mask_and_a_softmax_are_attention(graph):
    """The whole is told by the values that go into it and the one that comes out."""
    found = _found(graph(TRANSPOSED, SCORES, SCALED, MASKED, WEIGHTS, MIXED))
    assert found == [_attention(mask=Mask("mask", "added"))]


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        pytest.param(
            [TRANSPOSED, _node("MatMul", "q", "kt", "m"), WEIGHTS, MIXED], _attention(scale=1.0), id="no scale, no mask"
        ),
        pytest.param(
            [TRANSPOSED, SCORES, _node("Div", "s0", "scale", "m"), WEIGHTS, MIXED], _attention(scale=2.0), id="divided"
        ),
        pytest.param(
            [
                _node("Mul", "scale", "q", "qs"),
                TRANSPOSED,
                _node("Mul", "kt", "scale", "ks"),
                _node("MatMul", "qs", "ks", "m"),
                WEIGHTS,
                MIXED,
            ],
            _attention(scale=0.25),
            id="query and keys scaled",
        ),
        pytest.param(
            [TRANSPOSED, SCORES, SCALED, _node("Add", "mask", "s", "m"), WEIGHTS, MIXED],
            _attention(mask=Mask("mask", "added")),
            id="mask first",
        ),
        pytest.param(
            [TRANSPOSED, SCORES, SCALED, _node("Where", "seen", "s", "low", "m"), WEIGHTS, MIXED],
            _attention(mask=Mask("seen", "kept", float(np.finfo(np.float32).min))),
            id="kept where true",
        ),
        pytest.param(
            [TRANSPOSED, SCORES, SCALED, _node("Where", "seen", "none", "s", "m"), WEIGHTS, MIXED],
            _attention(mask=Mask("seen", "replaced", -np.inf)),
            id="replaced where true",
        ),
        pytest.param(
            [
                TRANSPOSED,
                SCORES,
                SCALED,
                MASKED,
                _node("Cast", "m", "m32", to=TensorProto.FLOAT),
                _node("Softmax", "m32", "w32"),
                _node("Cast", "w32", "w16", to=TensorProto.FLOAT),
                _node("Dropout", "w16", "w"),
                MIXED,
            ],
            _attention(mask=Mask("mask", "added")),
            id="casts and dropout",
        ),
        pytest.param(
            [
                TRANSPOSED,
                SCORES,
                SCALED,
                MASKED,
                _node("Softmax", "m", "w0"),
                _node("IsNaN", "w0", "nan"),
                _node("Where", "nan", "zero", "w0", "w"),
                MIXED,
            ],
            _attention(mask=Mask("mask", "added"), zeroed=True),
            id="NaN made zero",
        ),
    ],
)
def test_the_ways_in_which_exporters_write_attention_are_all_found(graph, nodes, expected):
    """Scales before or behind the product, masks of three kinds, and what lies beside a softmax."""
    assert _found(graph(*nodes)) == [expected]


@pytest.mark.parametrize(
    ("nodes", "outputs"),
    [
        pytest.param([TRANSPOSED, SCORES, SCALED, MASKED, WEIGHTS, MIXED], ("y", "w"), id="weights are an output"),
        pytest.param(
            [TRANSPOSED, SCORES, SCALED, MASKED, WEIGHTS, MIXED, _node("Relu", "s0", "r")], ("y", "r"), id="scores used"
        ),
        pytest.param(
            [TRANSPOSED, SCORES, SCALED, _node("Where", "seen", "s", "scale", "m"), WEIGHTS, MIXED],
            ("y",),
            id="a fill that leaves weight",
        ),
        pytest.param(
            [TRANSPOSED, SCORES, _node("Mul", "s0", "mask", "m"), WEIGHTS, MIXED], ("y",), id="scaled by a tensor"
        ),
        pytest.param(
            [TRANSPOSED, SCORES, _node("Tanh", "s0", "m"), WEIGHTS, MIXED], ("y",), id="another operator between"
        ),
        pytest.param(
            [TRANSPOSED, SCORES, SCALED, MASKED, _node("Relu", "m", "w"), MIXED], ("y",), id="another activation"
        ),
        pytest.param(
            [TRANSPOSED, SCORES, SCALED, MASKED, WEIGHTS, _node("MatMul", "v", "w", "y")], ("y",), id="weights behind"
        ),
    ],
)
def test_what_is_not_quite_attention_is_left_alone(graph, nodes, outputs):
    """A value on the way that is used elsewhere, or an operator that attention does not have."""
    assert _found(graph(*nodes, outputs=outputs)) == []


@pytest.mark.parametrize("scale", [0.0, -1.0, np.inf, [0.5, 0.5, 0.5, 0.5], [[[[[0.5]]]]]])
def test_only_a_known_number_above_zero_is_a_scale(graph, scale):
    """Vectors, numbers of many axes, and factors that no framework's function takes are none."""
    assert _found(graph(TRANSPOSED, SCORES, SCALED, MASKED, WEIGHTS, MIXED, scale=scale)) == []


def test_a_scaled_query_that_others_use_is_taken_as_it_is(graph):
    """The factor stays in the value, and is not applied twice."""
    nodes = [_node("Mul", "q", "scale", "qs"), TRANSPOSED, _node("MatMul", "qs", "kt", "m"), WEIGHTS, MIXED]
    found = _found(graph(*nodes, _node("Relu", "qs", "r"), outputs=("y", "r")))
    assert found == [_attention(query="qs", scale=1.0)]


def test_an_axis_that_is_counted_from_the_front_is_told(graph):
    """Whether it is the last one depends on the number of axes, which the importer knows."""
    nodes = [TRANSPOSED, SCORES, SCALED, MASKED, _node("Softmax", "m", "w"), MIXED]
    assert [one.axis for one in _found(graph(*nodes, opset=11))] == [1]
    assert [one.axis for one in _found(graph(*nodes))] == [-1]


def test_an_importer_says_which_values_are_numbers(graph):
    """A scale may be computed from shapes, which only the importer knows."""
    nodes = [TRANSPOSED, SCORES, _node("Relu", "scale", "s1"), _node("Mul", "s0", "s1", "m"), WEIGHTS, MIXED]
    made = graph(*nodes)
    assert _found(made) == []
    found = AttentionFinder(made).ending_in(made.nodes[-1], lambda name: 0.125 if name == "s1" else None)
    assert found == _attention(scale=0.125)
