"""Control flow: branches, loops and scans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from infer_compare_tensorflow.importer.registry import operator
from infer_compare_tensorflow.importer.values import Size, Value, shape_of, tensor
from infer_compare_tensorflow.importer.walk import Block, captured_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from infer_compare.backends.onnx_graphs import Graph, Node

    Step = Callable[[tf.Tensor, tf.Tensor, Sequence[tf.Tensor]], tuple[tf.Tensor, Sequence[tf.Tensor]]]
    """The type of a loop's body: takes the repetition, the condition and the states; returns condition and results."""


@operator("If", 1, 11, 13, 16, 19, 21, 23, 24, 25, scoped=True)
def branch(node: Node, scope: Mapping[str, Value], condition: Value) -> list[Value]:
    """Return the outputs of one of two subgraphs; with a condition known while tracing, only that one is built."""
    then, other = node.attributes["then_branch"], node.attributes["else_branch"]
    if isinstance(condition, np.ndarray):
        return Block(then if condition.reshape(()) else other).run(scope)
    outer = _plain(scope, then, other)

    def built(graph: Graph) -> Callable[[], list[tf.Tensor]]:
        return lambda: [tensor(value) for value in Block(graph).run(outer)]

    return list(tf.cond(tf.reshape(condition, []), built(then), built(other)))


def _plain(scope: Mapping[str, Value], *graphs: Graph) -> dict[str, Value]:
    """Return what subgraphs take from around them, as plain tensors: what is made inside must not be remembered outside."""
    used = set[str]().union(*(captured_names(graph) for graph in graphs))
    return {
        name: value if value is None or isinstance(value, np.ndarray) else tensor(value)
        for name, value in scope.items()
        if name in used
    }


@operator("Loop", 1, 11, 13, 16, 19, 21, 23, 24, 25, scoped=True)
def loop(node: Node, scope: Mapping[str, Value], most: Value, condition: Value, *carried: Value) -> list[Value]:
    """Return the outputs of a body repeated while a condition holds; what it gives besides states is stacked."""
    body = node.attributes["body"]
    run = _body(body, scope)
    limit = None if most is None else tf.reshape(tf.cast(tensor(most), tf.int64), [])
    going = tf.constant(True) if condition is None else tf.reshape(tensor(condition), [])

    def step(index: tf.Tensor, on: tf.Tensor, states: Sequence[tf.Tensor]) -> tuple[tf.Tensor, Sequence[tf.Tensor]]:
        proceed, *results = run([index, on, *states])
        return tf.reshape(proceed, []), results

    first = [tensor(value) for value in carried]
    arrays = _collectors(step, going, first, None)
    states, stacked = _repeated(step, limit, going, first, arrays)
    return [*states, *(array.stack() for array in stacked)]


@operator("Scan", 9, 11, 16, 19, 21, 23, 24, 25, scoped=True)
def scan(node: Node, scope: Mapping[str, Value], *values: Value) -> list[Value]:
    """Return the outputs of a body run over the slices of sequences, in either direction, along any axis."""
    body, count = node.attributes["body"], len(values) - node.attributes["num_scan_inputs"]
    run = _body(body, scope)

    def setting(name: str, index: int) -> int:
        given = node.attributes.get(name)
        return int(given[index]) if given else 0

    sequences = []
    for index, value in enumerate(values[count:]):
        sequence = _axis_to_front(tensor(value), setting("scan_input_axes", index))
        sequences.append(tf.reverse(sequence, [0]) if setting("scan_input_directions", index) else sequence)
    length = shape_of(sequences[0])[0]

    def step(index: tf.Tensor, on: tf.Tensor, states: Sequence[tf.Tensor]) -> tuple[tf.Tensor, Sequence[tf.Tensor]]:
        return on, run([*states, *(sequence[index] for sequence in sequences)])

    first, on = [tensor(value) for value in values[:count]], tf.constant(True)
    arrays = _collectors(step, on, first, length)
    states, stacked = _repeated(step, tf.cast(length, tf.int64), on, first, arrays)
    outputs = []
    for index, one in enumerate(stacked):
        whole = one.stack()
        if setting("scan_output_directions", index):
            whole = tf.reverse(whole, [0])
        outputs.append(_front_to_axis(whole, setting("scan_output_axes", index)))
    return [*states, *outputs]


def _body(body: Graph, scope: Mapping[str, Value]) -> Callable[[Sequence[tf.Tensor]], list[tf.Tensor]]:
    block, outer = Block(body), _plain(scope, body)
    names = [spec.name for spec in body.inputs]
    return lambda given: [tensor(value) for value in block.run({**outer, **dict(zip(names, given, strict=True))})]


def _collectors(step: Step, going: tf.Tensor, states: Sequence[tf.Tensor], length: Size | None) -> list[tf.TensorArray]:
    """Return one collector per result of the body that follows its states; without a length they grow.

    Files need not tell the types of a body's outputs, so the body is built once for them alone; nothing uses that.
    """
    _, results = step(tf.constant(0, tf.int64), going, states)
    return [
        tf.TensorArray(result.dtype, size=0 if length is None else length, dynamic_size=length is None)
        for result in results[len(states) :]
    ]


def _repeated(
    step: Step, limit: tf.Tensor | None, going: tf.Tensor, states: Sequence[tf.Tensor], arrays: Sequence[tf.TensorArray]
) -> tuple[list[tf.Tensor], list[tf.TensorArray]]:
    """Return the last states, and what was collected; the shapes of states stay, or all their sizes are free."""

    def proceed(index: tf.Tensor, on: tf.Tensor, *_: object) -> tf.Tensor:
        return on if limit is None else tf.logical_and(on, index < limit)

    def body(index: tf.Tensor, on: tf.Tensor, held: list[tf.Tensor], kept: list[tf.TensorArray]) -> tuple[Any, ...]:
        on, results = step(index, on, held)
        place = tf.cast(index, tf.int32)
        written = [array.write(place, result) for array, result in zip(kept, results[len(held) :], strict=True)]
        return index + 1, on, list(results[: len(held)]), written

    start = (tf.constant(0, tf.int64), going, list(states), list(arrays))
    fixed = [state.shape for state in states]
    try:
        return _run_loop(proceed, body, start, fixed)
    except ValueError:
        return _run_loop(proceed, body, start, [tf.TensorShape([None] * len(shape)) for shape in fixed])


def _run_loop(
    proceed: Callable[..., tf.Tensor],
    body: Callable[..., tuple[Any, ...]],
    start: tuple[Any, ...],
    shapes: list[tf.TensorShape],
) -> tuple[list[tf.Tensor], list[tf.TensorArray]]:
    scalar = tf.TensorShape([])
    invariants = (scalar, scalar, shapes, [scalar] * len(start[3]))
    _, _, states, arrays = tf.while_loop(proceed, body, start, shape_invariants=invariants)
    return list(states), list(arrays)


def _axis_to_front(x: tf.Tensor, axis: int) -> tf.Tensor:
    rank = len(x.shape)
    axis %= rank
    return x if axis == 0 else tf.transpose(x, [axis, *(other for other in range(rank) if other != axis)])


def _front_to_axis(x: tf.Tensor, axis: int) -> tf.Tensor:
    rank = len(x.shape)
    axis %= rank
    return x if axis == 0 else tf.transpose(x, [*range(1, axis + 1), 0, *range(axis + 1, rank)])
