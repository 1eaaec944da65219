"""Reductions over axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from infer_compare.backends import UnsupportedModel
from infer_compare_tensorflow.importer.known import ints
from infer_compare_tensorflow.importer.registry import operator
from infer_compare_tensorflow.importer.values import ChannelsLast, Value, rank_of, shape_of, tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.backends.onnx_graphs import Node


def _l2(x: tf.Tensor, axes: list[int], keep: bool) -> tf.Tensor:
    if x.dtype.is_integer:
        return tf.cast(tf.sqrt(tf.reduce_sum(tf.square(tf.cast(x, tf.float64)), axes, keep)), x.dtype)
    return tf.sqrt(tf.reduce_sum(tf.square(x), axes, keep))


def _mean(x: tf.Tensor, axes: list[int] | tf.Tensor, keep: bool) -> tf.Tensor:
    """Return the mean; that of nothing is zero, as in ONNX Runtime."""
    wide = tf.cast(x, tf.float64) if x.dtype.is_integer else x
    result = tf.reduce_mean(wide, axes, keep)
    if not (isinstance(axes, list) and all(x.shape[axis] for axis in axes)):
        places = tf.math.floormod(tf.cast(axes, tf.int32), len(x.shape))
        some = tf.reduce_all(tf.gather(tf.shape(x), places) > 0)
        result = tf.where(some, result, tf.zeros_like(result))
    return tf.cast(result, x.dtype)


def _log(x: tf.Tensor) -> tf.Tensor:
    if x.dtype.is_integer:
        return tf.cast(tf.math.log(tf.cast(x, tf.float64)), x.dtype)
    return tf.math.log(x)


def _log_sum_exp(x: tf.Tensor, axes: list[int], keep: bool) -> tf.Tensor:
    if x.dtype.is_integer:
        return tf.cast(tf.reduce_logsumexp(tf.cast(x, tf.float64), axes, keep), x.dtype)
    return tf.reduce_logsumexp(x, axes, keep)


def _max(x: tf.Tensor, axes: list[int], keep: bool) -> tf.Tensor:
    return tf.reduce_any(x, axes, keep) if x.dtype == tf.bool else tf.reduce_max(x, axes, keep)


def _min(x: tf.Tensor, axes: list[int], keep: bool) -> tf.Tensor:
    return tf.reduce_all(x, axes, keep) if x.dtype == tf.bool else tf.reduce_min(x, axes, keep)


REDUCTIONS: tuple[tuple[str, tuple[int, ...], tuple[int, ...], Callable[..., tf.Tensor]], ...] = (
    ("ReduceL1", (1, 11, 13), (18,), lambda x, axes, keep: tf.reduce_sum(tf.abs(x), axes, keep)),
    ("ReduceL2", (1, 11, 13), (18,), _l2),
    ("ReduceLogSum", (1, 11, 13), (18, 28), lambda x, axes, keep: _log(tf.reduce_sum(x, axes, keep))),
    ("ReduceLogSumExp", (1, 11, 13), (18, 28), _log_sum_exp),
    ("ReduceMax", (1, 11, 12, 13), (18, 20), _max),
    ("ReduceMean", (1, 11, 13), (18,), _mean),
    ("ReduceMin", (1, 11, 12, 13), (18, 20), _min),
    ("ReduceProd", (1, 11, 13), (18,), tf.reduce_prod),
    ("ReduceSum", (1, 11), (13,), tf.reduce_sum),
    ("ReduceSumSquare", (1, 11, 13), (18,), lambda x, axes, keep: tf.reduce_sum(tf.square(x), axes, keep)),
)
"""Name, versions with the axes as an attribute, versions with the axes as an input, and the function."""


def _register(
    name: str, attribute: tuple[int, ...], given: tuple[int, ...], function: Callable[..., tf.Tensor]
) -> None:
    def by_attribute(node: Node, data: Value) -> Value:
        axes = node.attributes.get("axes")
        return _reduced(node, data, None if axes is None else list(axes), function)

    def by_input(node: Node, data: Value, axes: Value = None) -> Value:
        count = 0 if axes is None else shape_of(axes)[0]
        if not isinstance(count, int):
            return _reduced_somewhere(node, data, tensor(axes), function)
        if count == 0:
            # Nothing is summed up, but what is done to single elements is done.
            whole: list[int] | None = None if not node.attributes.get("noop_with_empty_axes", 0) else []
            return _reduced(node, data, whole, function)
        if isinstance(axes, np.ndarray):
            return _reduced(node, data, ints(node, axes, "list of axes"), function)
        keep = bool(node.attributes.get("keepdims", 1))
        result = function(tensor(data), tensor(axes), keep)
        result.set_shape([None] * (rank_of(data) - (0 if keep else count)))
        return result

    operator(name, *attribute, layouts=True)(by_attribute)
    operator(name, *given, layouts=True)(by_input)


def _reduced_somewhere(node: Node, data: Value, axes: tf.Tensor, function: Callable[..., tf.Tensor]) -> Value:
    """Return a reduction over axes of which not even the number is known before the model runs."""
    if not node.attributes.get("keepdims", 1):
        raise UnsupportedModel(
            f"ONNX operator {node} takes away axes whose number is computed, which cannot be imported."
        )
    rank = rank_of(data)
    if not node.attributes.get("noop_with_empty_axes", 0):
        axes = tf.cond(tf.equal(tf.size(axes), 0), lambda: tf.range(rank, dtype=axes.dtype), lambda: axes)
    result = function(tensor(data), axes, True)
    result.set_shape([None] * rank)
    return result


def _reduced(node: Node, data: Value, axes: list[int] | None, function: Callable[..., tf.Tensor]) -> Value:
    rank = rank_of(data)
    keep = bool(node.attributes.get("keepdims", 1))
    axes = list(range(rank)) if axes is None else sorted(axis % rank for axis in axes)
    if isinstance(data, ChannelsLast):
        held = [data.axis(axis) for axis in axes]
        if keep:
            return ChannelsLast(function(data.last, held, True))
        # What is left keeps the order of ONNX only if the channels went, or all that stood between.
        if 1 in axes or axes == list(range(2, rank)):
            return function(data.last, held, False)
    return function(tensor(data), axes, keep)


for _entry in REDUCTIONS:
    _register(*_entry)


def _register_arg(name: str, function: Callable[[tf.Tensor, int], tf.Tensor]) -> None:
    @operator(name, 1, 11, 12, 13)
    def rule(node: Node, data: Value) -> Value:
        x = tensor(data)
        axis = node.attributes.get("axis", 0) % len(x.shape)
        if node.attributes.get("select_last_index", 0):
            result = tf.cast(tf.shape(x)[axis], tf.int64) - 1 - function(tf.reverse(x, [axis]), axis)
        else:
            result = function(x, axis)
        return tf.expand_dims(result, axis) if node.attributes.get("keepdims", 1) else result


_register_arg("ArgMax", lambda x, axis: tf.argmax(x, axis, tf.int64))
_register_arg("ArgMin", lambda x, axis: tf.argmin(x, axis, tf.int64))


@operator("CumSum", 11, 14)
def cumsum(node: Node, data: Value, axis: Value) -> Value:
    """Return running sums along an axis."""
    exclusive, reverse = bool(node.attributes.get("exclusive", 0)), bool(node.attributes.get("reverse", 0))
    return tf.cumsum(tensor(data), tf.reshape(tensor(axis), []), exclusive, reverse)
