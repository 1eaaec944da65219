"""Recurrent layers.

What torch has as a layer becomes that layer (`nn.LSTM`, `nn.GRU`, `nn.RNN`). Peepholes, clipping, sequences
of different lengths, and activations that torch's layers lack are carried out step by step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from infer_compare.backends import UnsupportedModel
from infer_compare.backends.onnx_graphs import (
    USUAL_ACTIVATIONS,
    activation_names,
    directions_of,
    recurrent_activations,
)
from infer_compare_torch.importer.cells import ACTIVATIONS, run_cells
from infer_compare_torch.importer.registry import operator

if TYPE_CHECKING:
    from infer_compare.backends.onnx_graphs import Node
    from infer_compare_torch.importer.builder import Builder
    from infer_compare_torch.importer.cells import Activation
    from infer_compare_torch.importer.values import Value

GATES = {
    # From ONNX's order to torch's: i o f c to i f g o, and z r h to r z n.
    "LSTM": (0, 2, 3, 1),
    "GRU": (1, 0, 2),
    "RNN": (0,),
}


class Layer(nn.Module):
    """A recurrent layer of torch's with the inputs and outputs of ONNX's operator."""

    def __init__(self, layer: nn.RNNBase, *, backwards: bool, batch_first: bool) -> None:
        """Wrap the layer.

        Args:
            layer: one layer, in one or both directions.
            backwards: whether the one direction is from the end to the start.
            batch_first: whether the batch comes before time in the sequence, and first in the states.
        """
        super().__init__()
        self.layer = layer
        self.directions = 2 if layer.bidirectional else 1
        self.backwards = backwards
        self.batch_first = batch_first

    def forward(self, sequence: torch.Tensor, *states: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the outputs of all steps (time, direction, batch, feature), and the last state or states."""
        if self.batch_first:
            sequence = sequence.transpose(0, 1)
            states = tuple(state.transpose(0, 1).contiguous() for state in states)
        if self.backwards:
            sequence = sequence.flip(0)
        start: Any = states if len(states) > 1 else (states[0] if states else None)
        steps, last = self.layer(sequence, start)
        if self.backwards:
            steps = steps.flip(0)
        steps = steps.unflatten(2, (self.directions, -1))
        finals = last if isinstance(last, tuple) else (last,)
        if self.batch_first:
            return steps.permute(1, 0, 2, 3), *(state.transpose(0, 1) for state in finals)
        return steps.permute(0, 2, 1, 3), *finals


def _recurrent(op_type: str, *since: int) -> None:
    def handler(
        builder: Builder,
        node: Node,
        sequence: Value,
        weight: Value,
        recurrence: Value,
        bias: Value | None = None,
        lengths: Value | None = None,
        hidden: Value | None = None,
        cell: Value | None = None,
        peepholes: Value | None = None,
    ) -> tuple[Value, ...]:
        states = [state for state in (hidden, cell) if state is not None]
        complete = not states or len(states) == (2 if op_type == "LSTM" else 1)
        plain = lengths is None and peepholes is None and complete and _is_usual(node)
        layer = _layer(node, weight, recurrence, bias) if plain else None
        if layer is not None:
            return builder.module(len(node.outputs), node.name or op_type, layer, sequence, *states)
        return builder.several(
            len(node.outputs),
            run_cells,
            sequence,
            weight,
            recurrence,
            bias,
            lengths,
            (hidden, cell),
            peepholes,
            op_type,
            node.attributes.get("direction", "forward"),
            _activations(node),
            node.attributes.get("clip"),
            bool(node.attributes.get("input_forget", 0) or node.attributes.get("linear_before_reset", 0)),
            bool(node.attributes.get("layout", 0)),
        )

    operator(op_type, *since)(handler)


_recurrent("LSTM", 7, 14, 22)
_recurrent("GRU", 7, 14, 22)
_recurrent("RNN", 7, 14, 22)


def _is_usual(node: Node) -> bool:
    """Return whether a node asks for nothing that torch's layers lack, but for their weights to be known."""
    attributes = node.attributes
    named = tuple(attributes.get("activations", ()))
    usual = USUAL_ACTIVATIONS[node.op_type] * directions_of(node)
    same = not named or named == usual or (node.op_type == "RNN" and named == ("Relu",) * directions_of(node))
    coupled = attributes.get("input_forget", 0)
    after = node.op_type != "GRU" or attributes.get("linear_before_reset", 0)
    return same and not coupled and bool(after) and "clip" not in attributes


def _layer(node: Node, weight: Value, recurrence: Value, bias: Value | None) -> Layer | None:
    """Return the layer with a node's weights, or None if those are not known."""
    if not (isinstance(weight, torch.Tensor) and isinstance(recurrence, torch.Tensor)):
        return None
    if bias is not None and not isinstance(bias, torch.Tensor):
        return None
    directions, hidden = directions_of(node), recurrence.shape[2]
    kinds: dict[str, Any] = {"LSTM": nn.LSTM, "GRU": nn.GRU, "RNN": nn.RNN}
    named: dict[str, Any] = {"bidirectional": directions == 2, "bias": bias is not None, "dtype": weight.dtype}
    if node.op_type == "RNN":
        named["nonlinearity"] = node.attributes.get("activations", ("Tanh",))[0].lower()
    layer = kinds[node.op_type](weight.shape[2], hidden, **named)
    order = torch.cat([torch.arange(gate * hidden, (gate + 1) * hidden) for gate in GATES[node.op_type]])
    with torch.no_grad():
        for direction, suffix in enumerate(("", "_reverse")[:directions]):
            layer.get_parameter(f"weight_ih_l0{suffix}").copy_(weight[direction][order])
            layer.get_parameter(f"weight_hh_l0{suffix}").copy_(recurrence[direction][order])
            if bias is not None:
                halves = bias[direction].chunk(2)
                layer.get_parameter(f"bias_ih_l0{suffix}").copy_(halves[0][order])
                layer.get_parameter(f"bias_hh_l0{suffix}").copy_(halves[1][order])
    layer.requires_grad_(False)
    backwards = node.attributes.get("direction", "forward") == "reverse"
    return Layer(layer, backwards=backwards, batch_first=bool(node.attributes.get("layout", 0)))


def _activations(node: Node) -> tuple[Activation, ...]:
    """Return the activations of each direction in turn."""
    names = activation_names(node)
    for name in names:
        if name not in ACTIVATIONS:
            raise UnsupportedModel(
                f"ONNX operator {node} uses the activation {name}, which cannot be imported into torch."
            )
    return tuple((name, alpha, beta) for name, alpha, beta in recurrent_activations(node, names))
