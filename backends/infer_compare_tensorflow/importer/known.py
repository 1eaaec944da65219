"""Constants and sizes that are, or must be, known while the importer traces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from infer_compare.backends import UnsupportedModel
from infer_compare_tensorflow.importer.values import Dims, Size, Value, shape_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from infer_compare.backends.onnx_graphs import Node


def known_size(node: Node, value: Value, axis: int) -> int:
    """Return the size of an axis that must be known while tracing.

    Raises:
        UnsupportedModel: it is free.
    """
    size = shape_of(value)[axis]
    if not isinstance(size, int):
        raise UnsupportedModel(
            f"ONNX operator {node} needs a fixed size of axis {axis} of its input for its import into TensorFlow; give the "
            "model's free axes sizes, as in --input 'x:f32[batch,3,224,224]'."
        )
    return size


def constant(node: Node, value: Value, what: str) -> NDArray[Any]:
    """Return an input that must be a constant of the model.

    Raises:
        UnsupportedModel: it is computed.
    """
    if not isinstance(value, np.ndarray):
        raise UnsupportedModel(f"ONNX operator {node} needs a constant {what} for its import into TensorFlow.")
    return value


def ints(node: Node, value: Value, what: str) -> list[int]:
    """Return an integer scalar or vector that must be a constant of the model, as a list."""
    return [int(number) for number in constant(node, value, what).reshape(-1)]


def sizes_in(value: Value) -> list[Size] | None:
    """Return the entries of an integer scalar or vector, or None when not even their number is known."""
    if isinstance(value, np.ndarray):
        return [int(number) for number in value.reshape(-1)]
    if isinstance(value, Dims):
        return list(value.entries)
    if len(value.shape) == 0:
        return [tf.cast(value, tf.int32)]
    if value.shape[0] is None:
        return None
    return list(tf.unstack(tf.cast(value, tf.int32)))


def shape_tensor(sizes: Sequence[Size]) -> tf.Tensor:
    """Return sizes as a vector that TensorFlow takes for a shape; constant where all are known."""
    if all(isinstance(size, int) for size in sizes):
        return tf.constant(
            list(sizes), tf.int64 if any(abs(size) >= 2**31 for size in sizes) else tf.int32, [len(sizes)]
        )
    return tf.stack(list(sizes))
