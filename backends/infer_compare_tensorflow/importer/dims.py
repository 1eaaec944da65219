"""Shape arithmetic: `Shape`, `Size`, and what models compute from them.

A model that takes the batch size from a shape and builds the target of a `Reshape` with it must not lose the sizes
that are known. So the usual operators on such vectors are computed entry by entry, with Python integers where
they are known; everything else turns the vector into a tensor and loses nothing but knowledge.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from infer_compare_tensorflow.importer.known import sizes_in
from infer_compare_tensorflow.importer.registry import operator
from infer_compare_tensorflow.importer.values import Dims, Size, Value, shape_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.backends.onnx_graphs import Node

NAMES = {6: "int32", 7: "int64"}
"""ONNX's numbers of the types that sizes have."""


@operator("Shape", 1, 13, 15, 19, 21, 23, 24, 25, layouts=True, dims=True)
def shape(node: Node, data: Value) -> Value:
    """Return the sizes of a value, or a range of them."""
    return Dims(tuple(shape_of(data)[node.attributes.get("start", 0) : node.attributes.get("end")])).folded()


@operator("Size", 1, 13, 19, 21, 23, 24, 25, layouts=True, dims=True)
def size(_node: Node, data: Value) -> Value:
    """Return the number of elements."""
    return Dims((_product(shape_of(data)),), scalar=True).folded()


def _product(sizes: Sequence[Size]) -> Size:
    known = math.prod(one for one in sizes if isinstance(one, int))
    result: Size = known
    for one in sizes:
        if not isinstance(one, int):
            result = one if isinstance(result, int) and result == 1 else result * one
    return result


def fold_dims(node: Node, arguments: Sequence[Value]) -> list[Value] | None:
    """Return the outputs of an operator on vectors of sizes, or None when it has to be computed on tensors."""
    rule = RULES.get(node.op_type)
    if rule is None or not any(isinstance(argument, Dims) for argument in arguments):
        return None
    result = rule(node, *arguments)
    if result is None:
        return None
    return [
        one.folded() if isinstance(one, Dims) else one for one in (result if isinstance(result, list) else [result])
    ]


def _vector(value: Value) -> Dims | None:
    """Return a value as sizes, if it is an integer scalar or vector whose length is known."""
    if isinstance(value, Dims):
        return value
    rank = value.ndim if isinstance(value, np.ndarray) else value.shape.rank if isinstance(value, tf.Tensor) else None
    dtype = tf.as_dtype(value.dtype).name if rank in {0, 1} else ""
    if dtype not in NAMES.values():
        return None
    entries = sizes_in(value)
    return None if entries is None else Dims(tuple(entries), rank == 0, dtype)


def _gather(_node: Node, data: Value, indices: Value) -> Value | None:
    if not isinstance(data, Dims) or data.scalar or not isinstance(indices, np.ndarray) or indices.ndim > 1:
        return None
    chosen = tuple(data.entries[int(index)] for index in indices.reshape(-1))
    return Dims(chosen, indices.ndim == 0, data.dtype)


def _slice(node: Node, data: Value, *bounds: Value) -> Value | None:
    if not isinstance(data, Dims) or data.scalar:
        return None
    if node.opset < 10:
        start, stop, step = node.attributes["starts"][0], node.attributes["ends"][0], 1
    elif all(bound is None or isinstance(bound, np.ndarray) for bound in bounds):
        given = [None if bound is None else int(bound[0]) for bound in (*bounds, None, None)[:4]]
        start, stop, step = given[0], given[1], 1 if given[3] is None else given[3]
    else:
        return None
    return Dims(data.entries[start:stop:step], dtype=data.dtype)


def _concat(_node: Node, *parts: Value) -> Value | None:
    vectors = [_vector(part) for part in parts]
    if any(vector is None or vector.scalar for vector in vectors):
        return None
    entries = tuple(entry for vector in vectors if vector is not None for entry in vector.entries)
    return Dims(entries, dtype=next(part.dtype for part in parts if isinstance(part, Dims)))


def _unsqueeze(_node: Node, data: Value, _axes: Value = None) -> Value | None:
    return Dims(data.entries, dtype=data.dtype) if isinstance(data, Dims) and data.scalar else None


def _squeeze(_node: Node, data: Value, _axes: Value = None) -> Value | None:
    if not isinstance(data, Dims) or len(data.entries) != 1:
        return None
    return Dims(data.entries, True, data.dtype)


def _reshape(_node: Node, data: Value, target: Value) -> Value | None:
    if not isinstance(data, Dims) or not isinstance(target, np.ndarray):
        return None
    wanted = [int(size) for size in target]
    if not wanted and len(data.entries) == 1:
        return Dims(data.entries, True, data.dtype)
    return Dims(data.entries, dtype=data.dtype) if wanted in ([-1], [len(data.entries)]) else None


def _cast(node: Node, data: Value) -> Value | None:
    name = NAMES.get(node.attributes["to"])
    return None if name is None or not isinstance(data, Dims) else Dims(data.entries, data.scalar, name)


def _identity(_node: Node, data: Value) -> Value | None:
    return data


def _split(node: Node, data: Value, sizes: Value = None) -> Value | None:
    if not isinstance(data, Dims) or data.scalar or (sizes is not None and not isinstance(sizes, np.ndarray)):
        return None
    count = node.attributes.get("num_outputs", len(node.outputs))
    length = -(-len(data.entries) // count)
    lengths = node.attributes.get("split") or ([length] * count if sizes is None else [int(length) for length in sizes])
    starts = [sum(lengths[:index]) for index in range(len(lengths))]
    return [
        Dims(data.entries[start : start + one], dtype=data.dtype) for start, one in zip(starts, lengths, strict=True)
    ]


def _reduce_prod(node: Node, data: Value, _axes: Value = None) -> Value | None:
    if not isinstance(data, Dims) or data.scalar:
        return None
    return Dims((_product(data.entries),), not node.attributes.get("keepdims", 1), data.dtype)


def _arithmetic(known: Callable[[int, int], int], traced: Callable[[Any, Any], Any]) -> Callable[..., Value | None]:
    """Return a rule for two operands that broadcast as scalars and vectors do."""

    def entry(left: Size, right: Size) -> Size:
        both = isinstance(left, int) and isinstance(right, int)
        return known(left, right) if both else traced(left, right)

    def rule(_node: Node, left: Value, right: Value) -> Value | None:
        one, other = _vector(left), _vector(right)
        if one is None or other is None:
            return None
        length = max(len(one.entries), len(other.entries))
        if {len(one.entries), len(other.entries)} - {1, length}:
            return None
        pairs = zip(_repeated(one, length), _repeated(other, length), strict=True)
        return Dims(tuple(entry(a, b) for a, b in pairs), one.scalar and other.scalar, one.dtype)

    return rule


def _repeated(value: Dims, length: int) -> tuple[Size, ...]:
    return value.entries * length if len(value.entries) == 1 else value.entries


def _truncated(left: int, right: int) -> int:
    """Return a quotient truncated towards zero, as in ONNX; division by zero is left to the tensors."""
    return int(math.copysign(1, left) * math.copysign(1, right)) * (abs(left) // abs(right))


RULES: dict[str, Callable[..., Value | None]] = {
    "Add": _arithmetic(lambda a, b: a + b, tf.add),
    "Cast": _cast,
    "Concat": _concat,
    "Div": _arithmetic(_truncated, tf.truncatediv),
    "Gather": _gather,
    "Identity": _identity,
    "Max": _arithmetic(max, tf.maximum),
    "Min": _arithmetic(min, tf.minimum),
    "Mul": _arithmetic(lambda a, b: a * b, tf.multiply),
    "ReduceProd": _reduce_prod,
    "Reshape": _reshape,
    "Slice": _slice,
    "Split": _split,
    "Squeeze": _squeeze,
    "Sub": _arithmetic(lambda a, b: a - b, tf.subtract),
    "Unsqueeze": _unsqueeze,
}
"""Operators that can be computed entry by entry. A rule answers None if it does not apply."""
