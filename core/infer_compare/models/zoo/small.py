"""Small nets: a perceptron, an image classifier, a recurrent net."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.models.builder import GraphBuilder
from infer_compare.models.zoo.layers import AFTER_RELU, conv, linear, max_pool

if TYPE_CHECKING:
    import onnx


def mlp(seed: int) -> onnx.ModelProto:
    """Return a perceptron of 64, 128, 128 and 10 units."""
    g = GraphBuilder("mlp", seed)
    x = g.input("features", "float32", [64])
    for inputs, outputs in ((64, 128), (128, 128)):
        x = g.node("Relu", linear(g, x, inputs, outputs, gain=AFTER_RELU))
    g.output(linear(g, x, 128, 10), "logits", [10])
    return g.build()


def cnn(seed: int) -> onnx.ModelProto:
    """Three convolutions with pooling and two linear layers, for images of 3x32x32 and ten classes."""
    g = GraphBuilder("cnn", seed)
    x = g.input("image", "float32", [3, 32, 32])
    for inputs, outputs in ((3, 32), (32, 64), (64, 128)):
        x = max_pool(g, g.node("Relu", conv(g, x, inputs, outputs, 3)), 2, 2)
    x = g.node("Flatten", x, axis=1)
    x = g.node("Relu", linear(g, x, 128 * 4 * 4, 128, gain=AFTER_RELU))
    g.output(linear(g, x, 128, 10), "logits", [10])
    return g.build()


def lstm(seed: int) -> onnx.ModelProto:
    """Return two LSTM layers of 128 units over 32 steps of 64 features; the last state gives ten class scores."""
    steps, features, hidden = 32, 64, 128
    g = GraphBuilder("lstm", seed)
    x = g.input("sequence", "float32", [steps, features])
    x = g.node("Transpose", x, perm=[1, 0, 2])
    last = x
    for inputs in (features, hidden):
        weights = [g.weights((1, 4 * hidden, size), [2], 1.0) for size in (inputs, hidden)]
        states, last = g.nodes("LSTM", 2, x, *weights, g.normal((1, 8 * hidden), 0.1), hidden_size=hidden)
        x = g.node("Squeeze", states, g.ints(1))
    g.output(linear(g, g.node("Squeeze", last, g.ints(0)), hidden, 10, gain=4.0), "logits", [10])
    return g.build()
