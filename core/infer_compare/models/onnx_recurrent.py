"""Reads the activations of a recurrent layer from an ONNX node."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from infer_compare.models.onnx_graph import Node

USUAL_ACTIVATIONS = {"LSTM": ("Sigmoid", "Tanh", "Tanh"), "GRU": ("Sigmoid", "Tanh"), "RNN": ("Tanh",)}
"""Default activations of one direction, by operator."""
ALPHA = {
    "Affine": 1.0,
    "Elu": 1.0,
    "HardSigmoid": 0.2,
    "LeakyRelu": 0.01,
    "ScaledTanh": 1.0,
    "ThresholdedRelu": 1.0,
}
"""Defaults of alpha, for the activations that have one."""
BETA = {"Affine": 0.0, "HardSigmoid": 0.5, "ScaledTanh": 1.0}
"""Defaults of beta, for the activations that have one."""


class RecurrentActivation(NamedTuple):
    """An activation of a recurrent layer."""

    name: str
    """Its name in ONNX."""
    alpha: float
    beta: float


def directions_of(node: Node) -> int:
    """Return how many directions a recurrent layer has."""
    return 2 if node.attributes.get("direction", "forward") == "bidirectional" else 1


def activation_names(node: Node) -> list[str]:
    """Return the names of the activations of all directions, those of the node or ONNX's defaults."""
    usual = USUAL_ACTIVATIONS[node.op_type] * directions_of(node)
    return list(node.attributes.get("activations") or usual)


def recurrent_activations(node: Node, names: list[str]) -> list[RecurrentActivation]:
    """Return activations with their parameters alpha and beta.

    The node's lists have entries only for the activations that take these parameters.

    Args:
        node: a recurrent layer.
        names: the ONNX names of its activations.
    """
    alphas, betas = list(node.attributes.get("activation_alpha", ())), list(node.attributes.get("activation_beta", ()))
    return [
        RecurrentActivation(
            name,
            alphas.pop(0) if name in ALPHA and alphas else ALPHA.get(name, 0.0),
            betas.pop(0) if name in BETA and betas else BETA.get(name, 0.0),
        )
        for name in names
    ]
