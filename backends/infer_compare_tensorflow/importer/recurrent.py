"""Recurrent layers: LSTM, GRU and RNN as one loop over the time steps, or as so many steps written out.

ONNX's gates stand one above the other in W and R: i, o, f, c for the LSTM and z, r, h for the GRU.
The input's share of every step is one matrix product before the loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from infer_compare_tensorflow.importer.gates import activations
from infer_compare_tensorflow.importer.known import shape_tensor
from infer_compare_tensorflow.importer.registry import operator
from infer_compare_tensorflow.importer.target import target
from infer_compare_tensorflow.importer.values import Size, Value, shape_of, swapped, tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.backends.onnx_graphs import Node

    Step = Callable[[tf.Tensor, tuple[tf.Tensor, ...]], tuple[tf.Tensor, ...]]


MAX_UNROLLED = 64
"""Time steps up to which a loop is written out: the loop itself costs more than the step of a small layer."""


@dataclass(frozen=True, slots=True)
class _Layer:
    """One direction of a recurrent layer."""

    weights: tf.Tensor
    """[input, gates * hidden]."""
    recurrence: tf.Tensor
    """[hidden, gates * hidden]."""
    input_bias: tf.Tensor | None
    recurrent_bias: tf.Tensor | None
    initial: tuple[tf.Tensor, ...]
    """States of shape [batch, hidden]."""


def _loop(
    x: tf.Tensor, layer: _Layer, lengths: tf.Tensor | None, step: Step, *, backward: bool
) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
    """Run the steps over [time, batch, gates * hidden]; return [time, batch, hidden] and the last states.

    A sequence that ends early keeps its states from there on, and its outputs are zero.
    """
    if backward:
        x = _reversed(x, lengths)
    times = shape_of(x)[0]

    def advance(time: Size, share: tf.Tensor, states: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
        new = step(share, states)
        if lengths is None:
            return new[0], new
        alive = (time < lengths)[:, None]
        kept = tuple(tf.where(alive, fresh, old) for fresh, old in zip(new, states, strict=True))
        return tf.where(alive, new[0], tf.zeros_like(new[0])), kept

    if isinstance(times, int) and 0 < times <= MAX_UNROLLED and not target.get().xla:
        states, steps = layer.initial, []
        for time, share in enumerate(tf.unstack(x)):
            out, states = advance(time, share, states)
            steps.append(out)
        result = tf.stack(steps)
        return (_reversed(result, lengths) if backward else result), states

    def body(time: tf.Tensor, states: tuple[tf.Tensor, ...], written: tf.TensorArray) -> tuple[Any, ...]:
        out, new = advance(time, x[time], states)
        return time + 1, new, written.write(time, out)

    outputs = tf.TensorArray(x.dtype, size=times, element_shape=layer.initial[0].shape)
    _, states, written = tf.while_loop(
        lambda time, *_: time < times, body, (tf.constant(0), layer.initial, outputs), maximum_iterations=times
    )
    result = written.stack()
    return (_reversed(result, lengths) if backward else result), states


def _reversed(x: tf.Tensor, lengths: tf.Tensor | None) -> tf.Tensor:
    return tf.reverse(x, [0]) if lengths is None else tf.reverse_sequence(x, lengths, 0, 1)


def _run(
    node: Node,
    inputs: Sequence[Value],
    gates: int,
    states: Sequence[Value],
    make_step: Callable[[_Layer, int], Step],
    shared_bias: Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor | None]],
) -> list[Value]:
    """Return all directions of a layer, with ONNX's layouts of inputs and outputs put right."""
    data = tensor(inputs[0])
    weights, recurrence = (swapped(value) for value in inputs[1:3])
    bias, lengths = (None if value is None else tensor(value) for value in inputs[3:])
    hidden = recurrence.shape[-2]
    by_batch = bool(node.attributes.get("layout", 0))
    x = tf.transpose(data, [1, 0, 2]) if by_batch else data
    times, batch = shape_of(x)[:2]
    direction = node.attributes.get("direction", "forward")
    backwards = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}[direction]
    lasting = [None if state is None else tensor(state) for state in states]
    found, ends = [], []
    for index, backward in enumerate(backwards):
        initial = tuple(
            tf.zeros(shape_tensor([batch, hidden]), x.dtype)
            if one is None
            else (one[:, index] if by_batch else one[index])
            for one in lasting
        )
        input_bias = recurrent_bias = None
        if bias is not None:
            input_bias, recurrent_bias = shared_bias(bias[index][: gates * hidden], bias[index][gates * hidden :])
        layer = _Layer(weights[index], recurrence[index], input_bias, recurrent_bias, initial)
        tall = tf.matmul(tf.reshape(x, [-1, x.shape[-1]]), layer.weights)
        if input_bias is not None:
            tall = tf.nn.bias_add(tall, input_bias)
        shares = tf.reshape(tall, shape_tensor([times, batch, gates * hidden]))
        result, last = _loop(shares, layer, lengths, make_step(layer, index), backward=backward)
        found.append(result)
        ends.append(last)
    # [time, directions, batch, hidden], or [batch, time, directions, hidden]; states alike without the time.
    axis = 2 if by_batch else 1
    everything = tf.stack([tf.transpose(one, [1, 0, 2]) if by_batch else one for one in found], axis)
    lasts = [tf.stack([end[state] for end in ends], 1 if by_batch else 0) for state in range(len(states))]
    return [everything, *lasts][: len(node.outputs)]


def _clipped(node: Node, x: tf.Tensor) -> tf.Tensor:
    bound = node.attributes.get("clip")
    return x if bound is None else tf.clip_by_value(x, -bound, bound)


def _summed(one: tf.Tensor, other: tf.Tensor) -> tuple[tf.Tensor, None]:
    return one + other, None


@operator("RNN", 7, 14, 22)
def rnn(
    node: Node,
    data: Value,
    weights: Value,
    recurrence: Value,
    bias: Value = None,
    lengths: Value = None,
    hidden: Value = None,
) -> list[Value]:
    """Return `h' = f(x W' + h R' + b)`."""
    functions = activations(node)

    def make_step(layer: _Layer, index: int) -> Step:
        (function,) = functions[index]

        def step(x: tf.Tensor, states: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, ...]:
            (h,) = states
            return (function(_clipped(node, x + tf.matmul(h, layer.recurrence))),)

        return step

    return _run(node, (data, weights, recurrence, bias, lengths), 1, [hidden], make_step, _summed)


@operator("GRU", 7, 14, 22)
def gru(
    node: Node,
    data: Value,
    weights: Value,
    recurrence: Value,
    bias: Value = None,
    lengths: Value = None,
    hidden: Value = None,
) -> list[Value]:
    """Return `h' = (1 - z) * n + z * h` with the update gate z, the reset gate r and the candidate n."""
    functions = activations(node)
    reset_after = bool(node.attributes.get("linear_before_reset", 0))

    def make_step(layer: _Layer, index: int) -> Step:
        gate, candidate = functions[index]
        size = layer.recurrence.shape[0]
        update_reset, new = layer.recurrence[:, : 2 * size], layer.recurrence[:, 2 * size :]

        def step(x: tf.Tensor, states: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, ...]:
            (h,) = states
            both = x[:, : 2 * size] + tf.matmul(h, update_reset)
            z, r = tf.split(gate(_clipped(node, both)), 2, 1)
            if reset_after:
                inner = tf.matmul(h, new)
                inner = r * (inner if layer.recurrent_bias is None else inner + layer.recurrent_bias)
            else:
                inner = tf.matmul(r * h, new)
            n = candidate(_clipped(node, x[:, 2 * size :] + inner))
            return ((1 - z) * n + z * h,)

        return step

    def biases(one: tf.Tensor, other: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor | None]:
        if not reset_after:
            return one + other, None
        # The candidate's recurrent bias is inside what the reset gate multiplies.
        size = one.shape[0] // 3
        return one + tf.concat([other[: 2 * size], tf.zeros_like(other[2 * size :])], 0), other[2 * size :]

    return _run(node, (data, weights, recurrence, bias, lengths), 3, [hidden], make_step, biases)


@operator("LSTM", 7, 14, 22)
def lstm(
    node: Node,
    data: Value,
    weights: Value,
    recurrence: Value,
    bias: Value = None,
    lengths: Value = None,
    hidden: Value = None,
    cell: Value = None,
    peepholes: Value = None,
) -> list[Value]:
    """Return `c' = f * c + i * n` and `h' = o * tanh(c')`; peepholes from the cell to i, o and f are optional."""
    functions = activations(node)
    coupled = bool(node.attributes.get("input_forget", 0))
    looks = None if peepholes is None else tensor(peepholes)

    def make_step(layer: _Layer, index: int) -> Step:
        gate, candidate, out = functions[index]
        look = None if looks is None else tf.split(looks[index], 3)

        def step(x: tf.Tensor, states: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, ...]:
            h, c = states
            i, o, f, n = tf.split(x + tf.matmul(h, layer.recurrence), 4, 1)
            if look is not None:
                i, f = i + look[0] * c, f + look[2] * c
            i = gate(_clipped(node, i))
            f = 1 - i if coupled else gate(_clipped(node, f))
            c = f * c + i * candidate(_clipped(node, n))
            if look is not None:
                o += look[1] * c
            return gate(_clipped(node, o)) * out(c), c

        return step

    return _run(node, (data, weights, recurrence, bias, lengths), 4, [hidden, cell], make_step, _summed)
