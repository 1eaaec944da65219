"""Activation functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

from infer_compare_tensorflow.importer.layouts import aligned, unary, wrap
from infer_compare_tensorflow.importer.registry import operator
from infer_compare_tensorflow.importer.values import ChannelsLast, Value, rank_of, tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.backends.onnx_graphs import Node

SELU = {"alpha": 1.6732632423543772, "gamma": 1.0507009873554805}
"""Defaults of ONNX, those of the paper that TensorFlow builds in."""


def _attribute(node: Node, name: str, default: float) -> float:
    return float(node.attributes.get(name, default))


def _elu(x: tf.Tensor, alpha: float) -> tf.Tensor:
    negative = tf.cast(alpha, x.dtype) * tf.math.expm1(tf.minimum(x, tf.zeros([], x.dtype)))
    return tf.where(x < tf.zeros([], x.dtype), negative, x)


def _hard_sigmoid(x: tf.Tensor, alpha: float, beta: float) -> tf.Tensor:
    line = tf.cast(alpha, x.dtype) * x + tf.cast(beta, x.dtype)
    return tf.clip_by_value(line, tf.zeros([], x.dtype), tf.ones([], x.dtype))


@operator("Relu", 6, 13, 14, layouts=True)
def relu(_node: Node, data: Value) -> Value:
    """Return `max(x, 0)`."""
    return unary(data, tf.nn.relu)


@operator("Sigmoid", 6, 13, layouts=True)
def sigmoid(_node: Node, data: Value) -> Value:
    """Return `1 / (1 + exp(-x))`."""
    return unary(data, tf.sigmoid)


@operator("Tanh", 6, 13, layouts=True)
def tanh(_node: Node, data: Value) -> Value:
    """Return the hyperbolic tangent."""
    return unary(data, tf.tanh)


@operator("LeakyRelu", 6, 16, layouts=True)
def leaky_relu(node: Node, data: Value) -> Value:
    """Return `x`, or `alpha * x` where negative."""
    return unary(data, lambda x: tf.nn.leaky_relu(x, _attribute(node, "alpha", 0.01)))


@operator("PRelu", 7, 9, 16, layouts=True)
def prelu(_node: Node, data: Value, slope: Value) -> Value:
    """Return `x`, or `slope * x` where negative; the slope broadcasts in one direction."""
    (x, factor), last = aligned(data, slope)
    return wrap(tf.where(x < tf.zeros([], x.dtype), x * factor, x), last)


@operator("Elu", 6, 22, layouts=True)
def elu(node: Node, data: Value) -> Value:
    """Return `x`, or `alpha * (exp(x) - 1)` where negative."""
    alpha = _attribute(node, "alpha", 1.0)
    return unary(data, tf.nn.elu if alpha == 1 else lambda x: _elu(x, alpha))


@operator("Selu", 6, 22, layouts=True)
def selu(node: Node, data: Value) -> Value:
    """Return `gamma * elu(x, alpha)`."""
    alpha, gamma = _attribute(node, "alpha", SELU["alpha"]), _attribute(node, "gamma", SELU["gamma"])
    return unary(data, lambda x: tf.cast(gamma, x.dtype) * _elu(x, alpha))


@operator("Celu", 12, 28, layouts=True)
def celu(node: Node, data: Value) -> Value:
    """Return `x`, or `alpha * (exp(x / alpha) - 1)` where negative."""
    alpha = _attribute(node, "alpha", 1.0)

    def function(x: tf.Tensor) -> tf.Tensor:
        zero = tf.zeros([], x.dtype)
        negative = tf.cast(alpha, x.dtype) * tf.math.expm1(tf.minimum(x, zero) / tf.cast(alpha, x.dtype))
        return tf.where(x < zero, negative, x)

    return unary(data, function)


@operator("ThresholdedRelu", 10, 22, layouts=True)
def thresholded_relu(node: Node, data: Value) -> Value:
    """Return `x` where it is above alpha, else 0."""
    alpha = _attribute(node, "alpha", 1.0)
    return unary(data, lambda x: tf.where(x > tf.cast(alpha, x.dtype), x, tf.zeros([], x.dtype)))


@operator("HardSigmoid", 6, 22, layouts=True)
def hard_sigmoid(node: Node, data: Value) -> Value:
    """Return `alpha * x + beta`, between 0 and 1."""
    alpha, beta = _attribute(node, "alpha", 0.2), _attribute(node, "beta", 0.5)
    return unary(data, lambda x: _hard_sigmoid(x, alpha, beta))


@operator("HardSwish", 14, 22, layouts=True)
def hard_swish(_node: Node, data: Value) -> Value:
    """Return `x * hard_sigmoid(x)` with alpha 1/6 and beta 1/2."""
    return unary(data, lambda x: x * _hard_sigmoid(x, 1 / 6, 0.5))


@operator("Mish", 18, 22, layouts=True)
def mish(_node: Node, data: Value) -> Value:
    """Return `x * tanh(softplus(x))`."""
    return unary(data, lambda x: x * tf.tanh(tf.math.softplus(x)))


@operator("Softplus", 1, 22, layouts=True)
def softplus(_node: Node, data: Value) -> Value:
    """Return `log(1 + exp(x))`."""
    return unary(data, tf.math.softplus)


@operator("Softsign", 1, 22, layouts=True)
def softsign(_node: Node, data: Value) -> Value:
    """Return `x / (1 + |x|)`."""
    return unary(data, tf.math.softsign)


@operator("Gelu", 20, layouts=True)
def gelu(node: Node, data: Value) -> Value:
    """Return `x * Phi(x)`, exact or by the hyperbolic tangent."""
    approximate = node.attributes.get("approximate", "none") == "tanh"
    return unary(data, lambda x: tf.nn.gelu(x, approximate=approximate))


@operator("Swish", 24, layouts=True)
def swish(node: Node, data: Value) -> Value:
    """Return `x * sigmoid(alpha * x)`."""
    alpha = _attribute(node, "alpha", 1.0)
    return unary(data, lambda x: x * tf.sigmoid(tf.cast(alpha, x.dtype) * x))


@operator("Shrink", 9, layouts=True)
def shrink(node: Node, data: Value) -> Value:
    """Return `x + bias` below -lambd, `x - bias` above lambd, 0 between."""
    bias, threshold = _attribute(node, "bias", 0.0), _attribute(node, "lambd", 0.5)

    def function(x: tf.Tensor) -> tf.Tensor:
        shift, bound = tf.cast(bias, x.dtype), tf.cast(threshold, x.dtype)
        return tf.where(x < -bound, x + shift, tf.where(x > bound, x - shift, tf.zeros([], x.dtype)))

    return unary(data, function)


def _hardmax(x: tf.Tensor, axis: int) -> tf.Tensor:
    return tf.one_hot(tf.argmax(x, axis), tf.shape(x)[axis], axis=axis, dtype=x.dtype)


def _register_softmax(name: str, function: Callable[[tf.Tensor, int], tf.Tensor]) -> None:
    """Register a softmax: before version 13 the axes from `axis` on are flattened, since then only `axis` counts."""

    def old(node: Node, data: Value) -> Value:
        x = tensor(data)
        axis = node.attributes.get("axis", 1) % max(len(x.shape), 1)
        if axis == len(x.shape) - 1:
            return function(x, axis)
        sizes = tf.shape(x)
        flat = tf.reshape(x, tf.stack([tf.reduce_prod(sizes[:axis]), tf.reduce_prod(sizes[axis:])]))
        result = tf.reshape(function(flat, 1), sizes)
        result.set_shape(x.shape)
        return result

    def new(node: Node, data: Value) -> Value:
        axis = node.attributes.get("axis", -1) % max(rank_of(data), 1)
        if isinstance(data, ChannelsLast):
            return ChannelsLast(function(data.last, data.axis(axis)))
        return function(tensor(data), axis)

    operator(name, 1, 11)(old)
    operator(name, 13, layouts=True)(new)


_register_softmax("Softmax", tf.nn.softmax)
_register_softmax("LogSoftmax", tf.nn.log_softmax)
_register_softmax("Hardmax", _hardmax)
