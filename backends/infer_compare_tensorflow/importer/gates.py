"""The activations of recurrent layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

from infer_compare.backends import UnsupportedModel
from infer_compare.backends.onnx_graphs import (
    ALPHA,
    USUAL_ACTIVATIONS,
    activation_names,
    directions_of,
    recurrent_activations,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.backends.onnx_graphs import Node

PLAIN = ("Relu", "Sigmoid", "Softplus", "Softsign", "Tanh")
"""Activations without numbers."""


def _activation(name: str, alpha: float, beta: float) -> Callable[[tf.Tensor], tf.Tensor]:
    functions: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
        "Affine": lambda x: alpha * x + beta,
        "Elu": lambda x: tf.where(x < 0, alpha * tf.math.expm1(tf.minimum(x, 0)), x),
        "HardSigmoid": lambda x: tf.clip_by_value(alpha * x + beta, 0, 1),
        "LeakyRelu": lambda x: tf.nn.leaky_relu(x, alpha),
        "Relu": tf.nn.relu,
        "ScaledTanh": lambda x: alpha * tf.tanh(beta * x),
        "Sigmoid": tf.sigmoid,
        "Softplus": tf.math.softplus,
        "Softsign": tf.math.softsign,
        "Tanh": tf.tanh,
        "ThresholdedRelu": lambda x: tf.where(x > alpha, x, tf.zeros_like(x)),
    }
    return functions[name]


def activations(node: Node) -> list[list[Callable[[tf.Tensor], tf.Tensor]]]:
    """Return the activations of each direction, in the order of the node's attribute."""
    spelled = {name.lower(): name for name in (*ALPHA, *PLAIN)}
    names = []
    for given in activation_names(node):
        name = spelled.get(given.lower())
        if name is None:
            raise UnsupportedModel(f"ONNX operator {node} has the activation {given!r}, which cannot be imported.")
        names.append(name)
    functions = [_activation(*activation) for activation in recurrent_activations(node, names)]
    size = len(USUAL_ACTIVATIONS[node.op_type])
    return [functions[start : start + size] for start in range(0, size * directions_of(node), size)]
