"""Recurrent cells, step by step, with all that ONNX's operators allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Activation = tuple[str, float, float]
"""Name, alpha and beta."""

ACTIVATIONS: dict[str, Callable[[torch.Tensor, float, float], torch.Tensor]] = {
    "Affine": lambda x, alpha, beta: alpha * x + beta,
    "Elu": lambda x, alpha, _: functional.elu(x, alpha),
    "HardSigmoid": lambda x, alpha, beta: torch.clamp(alpha * x + beta, 0.0, 1.0),
    "LeakyRelu": lambda x, alpha, _: functional.leaky_relu(x, alpha),
    "Relu": lambda x, _a, _b: torch.relu(x),
    "ScaledTanh": lambda x, alpha, beta: alpha * torch.tanh(beta * x),
    "Sigmoid": lambda x, _a, _b: torch.sigmoid(x),
    "Softplus": lambda x, _a, _b: functional.softplus(x),
    "Softsign": lambda x, _a, _b: functional.softsign(x),
    "Tanh": lambda x, _a, _b: torch.tanh(x),
    "ThresholdedRelu": lambda x, alpha, _: functional.threshold(x, alpha, 0.0),
}


class Cell:
    """One direction of a recurrent layer."""

    def __init__(
        self,
        weight: torch.Tensor,
        recurrence: torch.Tensor,
        bias: torch.Tensor | None,
        peepholes: torch.Tensor | None,
        activations: Sequence[Activation],
        clip: float | None,
        variant: bool,
    ) -> None:
        """Hold the weights of one direction.

        Args:
            weight: gates x hidden by input.
            recurrence: gates x hidden by hidden.
            bias: those of the input, then those of the recurrence; or None.
            peepholes: those of input, output and forget gates, or None.
            activations: in ONNX's order.
            clip: the bound of what goes into an activation, or None.
            variant: `input_forget` of an LSTM, `linear_before_reset` of a GRU.
        """
        self.weight = weight
        self.recurrence = recurrence
        hidden = recurrence.shape[1]
        self.bias = weight.new_zeros(2 * len(weight)) if bias is None else bias
        self.peepholes = (weight.new_zeros(3 * hidden) if peepholes is None else peepholes).chunk(3)
        self.activations = activations
        self.clip = clip
        self.variant = variant

    def activate(self, index: int, value: torch.Tensor) -> torch.Tensor:
        """Return the result of one of the activations, after clipping."""
        name, alpha, beta = self.activations[index]
        bounded = value if self.clip is None else value.clamp(-self.clip, self.clip)
        return ACTIVATIONS[name](bounded, alpha, beta)

    def project(self, step: torch.Tensor, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what the input and the last state bring to every gate."""
        bias_in, bias_back = self.bias.chunk(2)
        return functional.linear(step, self.weight, bias_in), functional.linear(hidden, self.recurrence, bias_back)


def rnn_step(cell: Cell, step: torch.Tensor, states: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """Return the next state of a plain recurrence."""
    come, back = cell.project(step, states[0])
    return (cell.activate(0, come + back),)


def gru_step(cell: Cell, step: torch.Tensor, states: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """Return the next state of a gated recurrent unit; its gates are update, reset, hidden."""
    (last,) = states
    come, back = cell.project(step, last)
    (come_z, come_r, come_h), (back_z, back_r, back_h) = come.chunk(3, 1), back.chunk(3, 1)
    update = cell.activate(0, come_z + back_z)
    reset = cell.activate(0, come_r + back_r)
    if cell.variant:
        fresh = cell.activate(1, come_h + reset * back_h)
    else:
        rows, biases = cell.recurrence.chunk(3)[2], cell.bias.chunk(2)[1].chunk(3)[2]
        fresh = cell.activate(1, come_h + functional.linear(reset * last, rows, biases))
    return ((1 - update) * fresh + update * last,)


def lstm_step(cell: Cell, step: torch.Tensor, states: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """Return the next states of a long short-term memory; its gates are input, output, forget, cell."""
    last, memory = states
    come, back = cell.project(step, last)
    gate_i, gate_o, gate_f, gate_c = (come + back).chunk(4, 1)
    peep_i, peep_o, peep_f = cell.peepholes
    take = cell.activate(0, gate_i + peep_i * memory)
    keep = 1 - take if cell.variant else cell.activate(0, gate_f + peep_f * memory)
    memory = keep * memory + take * cell.activate(1, gate_c)
    give = cell.activate(0, gate_o + peep_o * memory)
    name, alpha, beta = cell.activations[2]
    return give * ACTIVATIONS[name](memory, alpha, beta), memory


STEPS = {"LSTM": lstm_step, "GRU": gru_step, "RNN": rnn_step}


def run_direction(
    cell: Cell,
    op_type: str,
    sequence: torch.Tensor,
    states: Sequence[torch.Tensor],
    lengths: torch.Tensor | None,
) -> tuple[torch.Tensor, Sequence[torch.Tensor]]:
    """Run a cell over time; a sequence that has ended keeps its state and gives zeros."""
    outputs = []
    for index, step in enumerate(sequence.unbind(0)):
        fresh = STEPS[op_type](cell, step, states)
        if lengths is None:
            states = fresh
            outputs.append(states[0])
            continue
        alive = (index < lengths).unsqueeze(1)
        states = [torch.where(alive, new, old) for new, old in zip(fresh, states, strict=True)]
        outputs.append(torch.where(alive, fresh[0], torch.zeros_like(fresh[0])))
    return torch.stack(outputs), states


def run_cells(
    sequence: torch.Tensor,
    weight: torch.Tensor,
    recurrence: torch.Tensor,
    bias: torch.Tensor | None,
    lengths: torch.Tensor | None,
    initial: Sequence[torch.Tensor | None],
    peepholes: torch.Tensor | None,
    op_type: str,
    direction: str,
    activations: Sequence[Activation],
    clip: float | None,
    variant: bool,
    batch_first: bool,
) -> tuple[torch.Tensor, ...]:
    """Run a recurrent layer as ONNX defines it; return the outputs of all steps, and the last state or states."""
    from infer_compare_torch.importer.indexing import reverse_sequences

    if batch_first:
        sequence = sequence.transpose(0, 1)
        initial = [None if state is None else state.transpose(0, 1) for state in initial]
    directions, batch, hidden = len(weight), sequence.shape[1], recurrence.shape[2]
    blank = sequence.new_zeros(directions, batch, hidden)
    starts = [blank if state is None else state for state in initial][: 2 if op_type == "LSTM" else 1]
    ends = sequence.new_full((batch,), sequence.shape[0], dtype=torch.int64) if lengths is None else lengths
    per_direction = len(activations) // directions
    steps, finals = [], []
    for index in range(directions):
        backwards = direction == "reverse" or index == 1
        cell = Cell(
            weight[index],
            recurrence[index],
            None if bias is None else bias[index],
            None if peepholes is None else peepholes[index],
            activations[index * per_direction : (index + 1) * per_direction],
            clip,
            variant,
        )
        source = reverse_sequences(sequence, ends, 1, 0) if backwards else sequence
        outputs, last = run_direction(cell, op_type, source, [start[index] for start in starts], lengths)
        steps.append(reverse_sequences(outputs, ends, 1, 0) if backwards else outputs)
        finals.append(last)
    stacked = torch.stack(steps, 1)
    states = [torch.stack(same) for same in zip(*finals, strict=True)]
    if batch_first:
        return stacked.permute(2, 0, 1, 3), *(state.transpose(0, 1) for state in states)
    return stacked, *states
