"""What a node says of the activations of a recurrent layer."""

from __future__ import annotations

import pytest
from onnx import helper

from infer_compare.backends.onnx_graphs import activation_names, read_graph, recurrent_activations


@pytest.fixture
def layer(model):
    """A recurrent node with attributes, as it is read."""

    def read(op_type, **attributes):
        node = helper.make_node(op_type, ["x", "w", "r"], ["y"], hidden_size=2, **attributes)
        inputs = [("x", 1, (1, 1, 2)), ("w", 1, (1, 2, 2)), ("r", 1, (1, 2, 2))]
        return read_graph(model([node], inputs, [("y", 1, None)])).nodes[0]

    return read


def test_a_layer_that_names_no_activation_has_those_of_onnx_in_each_direction(layer):
    """An LSTM has three, a GRU two."""
    assert activation_names(layer("LSTM")) == ["Sigmoid", "Tanh", "Tanh"]
    assert activation_names(layer("GRU", direction="bidirectional")) == ["Sigmoid", "Tanh", "Sigmoid", "Tanh"]


def test_numbers_belong_to_the_activations_that_take_them(layer):
    """The lists have no entries for the others; what they leave out is ONNX's default."""
    node = layer(
        "LSTM", activations=["Elu", "Tanh", "HardSigmoid"], activation_alpha=[0.5, 0.25], activation_beta=[2.0]
    )
    assert recurrent_activations(node, activation_names(node)) == [
        ("Elu", 0.5, 0.0), ("Tanh", 0.0, 0.0), ("HardSigmoid", 0.25, 2.0),
    ]  # fmt: skip
    node = layer("RNN", activations=["HardSigmoid"])
    assert recurrent_activations(node, activation_names(node)) == [("HardSigmoid", pytest.approx(0.2), 0.5)]
