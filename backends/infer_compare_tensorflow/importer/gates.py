"""The activations of recurrent layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

from infer_compare.backends import UnsupportedModel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.backends.onnx_graphs import Node

DEFAULTS = {
    "Affine": (1.0, 0.0),
    "Elu": (1.0, 0.0),
    "HardSigmoid": (0.2, 0.5),
    "LeakyRelu": (0.01, 0.0),
    "ScaledTanh": (1.0, 1.0),
    "ThresholdedRelu": (1.0, 0.0),
}
"""Alpha and beta of the activations that have them, where the node tells none."""

WITH_BETA = frozenset({"Affine", "HardSigmoid", "ScaledTanh"})


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


def activations(node: Node, defaults: Sequence[str], directions: int) -> list[list[Callable[[tf.Tensor], tf.Tensor]]]:
    """The activations of each direction, in the order of the node's attribute."""
    spelled = {name.lower(): name for name in (*DEFAULTS, "Relu", "Sigmoid", "Softplus", "Softsign", "Tanh")}
    names = list(node.attributes.get("activations") or list(defaults) * directions)
    alphas = list(node.attributes.get("activation_alpha", ()))
    betas = list(node.attributes.get("activation_beta", ()))
    found = []
    for given in names:
        name = spelled.get(given.lower())
        if name is None:
            raise UnsupportedModel(f"ONNX operator {node} has the activation {given!r}, which cannot be imported.")
        alpha, beta = DEFAULTS.get(name, (0.0, 0.0))
        # The lists hold entries only for the activations that take them.
        alpha = alphas.pop(0) if name in DEFAULTS and alphas else alpha
        beta = betas.pop(0) if name in WITH_BETA and betas else beta
        found.append(_activation(name, alpha, beta))
    size = len(defaults)
    return [found[start : start + size] for start in range(0, size * directions, size)]
