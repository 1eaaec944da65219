"""What an ONNX node says of the activations of a recurrent layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from infer_compare.models.onnx_graph import Node

USUAL_ACTIVATIONS = {"LSTM": ("Sigmoid", "Tanh", "Tanh"), "GRU": ("Sigmoid", "Tanh"), "RNN": ("Tanh",)}
"""Of one direction, by operator, where the node names none."""
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
    """As ONNX spells it."""
    alpha: float
    beta: float


def directions_of(node: Node) -> int:
    """Return how many directions a recurrent layer has."""
    return 2 if node.attributes.get("direction", "forward") == "bidirectional" else 1


def activation_names(node: Node) -> list[str]:
    """Return the names of the activations of all directions, as the node has them or as ONNX has them by default."""
    usual = USUAL_ACTIVATIONS[node.op_type] * directions_of(node)
    return list(node.attributes.get("activations") or usual)


def recurrent_activations(node: Node, names: list[str]) -> list[RecurrentActivation]:
    """Return activations with their numbers.

    The node's lists of numbers have entries only for the activations that take them.

    Args:
        node: a recurrent layer.
        names: of its activations, as ONNX spells them.
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
