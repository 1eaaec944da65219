"""Bringing values into one layout: in ONNX order, or with channels last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from infer_compare_tensorflow.importer.values import ChannelsLast, Value, rank_of, tensor, to_last

if TYPE_CHECKING:
    from collections.abc import Callable


def channels_last(value: Value) -> tf.Tensor:
    """Return a value of ONNX shape [N, C, *spatial] as a tensor [N, *spatial, C]."""
    if isinstance(value, ChannelsLast):
        return value.last
    given = tensor(value)
    return tf.transpose(given, to_last(len(given.shape)))


def unary(value: Value, function: Callable[[tf.Tensor], tf.Tensor]) -> Value:
    """Apply a function of single elements in whatever layout the value is held."""
    if isinstance(value, ChannelsLast):
        return ChannelsLast(function(value.last))
    return function(tensor(value))


def aligned(*values: Value, broadcast: bool = True) -> tuple[list[tf.Tensor], bool]:
    """Return tensors in one layout that broadcast against each other as the values do in ONNX order.

    Args:
        values: to bring into one layout.
        broadcast: whether they are broadcast; otherwise all have one rank, and keep it.

    Returns:
        The tensors, and whether they are held channels last.
    """
    ranks = [value.rank for value in values if isinstance(value, ChannelsLast)]
    highest = max((rank_of(value) for value in values if not isinstance(value, np.ndarray)), default=-1)
    if not ranks or any(rank_of(value) > ranks[0] for value in values):
        return [tensor(_stripped(value, highest) if broadcast else value) for value in values], False
    if not broadcast:
        return [channels_last(value) for value in values], True
    return [_last_of(value, ranks[0]) for value in values], True


def _stripped(value: Value, rank: int) -> Value:
    """Return an array without the leading axes of size 1 that broadcasting against the rank puts back.

    TensorFlow merges a product and what is added to it where that is a vector, and fails on [1, n].
    """
    if not isinstance(value, np.ndarray) or value.ndim > rank:
        return value
    leading = next((axis for axis, size in enumerate(value.shape) if size != 1), value.ndim)
    return value.reshape(value.shape[leading:])


def _last_of(value: Value, rank: int) -> tf.Tensor:
    """Return a value in channels-last order; a lower rank is filled up with leading axes of size 1, as broadcasting does."""
    if isinstance(value, ChannelsLast) and value.rank == rank:
        return value.last
    if isinstance(value, np.ndarray):
        if value.ndim == 0:
            return tensor(value)
        full = value.reshape((1,) * (rank - value.ndim) + value.shape)
        return tensor(_stripped(full.transpose(to_last(rank)), rank))
    given = tensor(value)
    if len(given.shape) == 0:
        return given
    for _ in range(rank - len(given.shape)):
        given = tf.expand_dims(given, 0)
    return tf.transpose(given, to_last(rank))


def wrap(result: tf.Tensor, last: bool) -> Value:
    """Return the result of a computation on aligned tensors."""
    return ChannelsLast(result) if last else result
