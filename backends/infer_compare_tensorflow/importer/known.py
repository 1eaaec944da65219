"""What of a value must be known, or is known, while the importer traces: constants, and sizes of axes."""

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
    """The size of an axis that must be known while tracing.

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
    """An input that must be a constant of the model.

    Raises:
        UnsupportedModel: it is computed.
    """
    if not isinstance(value, np.ndarray):
        raise UnsupportedModel(f"ONNX operator {node} needs a constant {what} for its import into TensorFlow.")
    return value


def ints(node: Node, value: Value, what: str) -> list[int]:
    """An integer scalar or vector that must be a constant of the model, as a list."""
    return [int(one) for one in constant(node, value, what).reshape(-1)]


def sizes_in(value: Value) -> list[Size] | None:
    """The entries of an integer scalar or vector, or None when not even their number is known."""
    if isinstance(value, np.ndarray):
        return [int(one) for one in value.reshape(-1)]
    if isinstance(value, Dims):
        return list(value.entries)
    if len(value.shape) == 0:
        return [tf.cast(value, tf.int32)]
    if value.shape[0] is None:
        return None
    return list(tf.unstack(tf.cast(value, tf.int32)))


def shape_tensor(sizes: Sequence[Size]) -> tf.Tensor:
    """Sizes as a vector that TensorFlow takes for a shape; constant where all are known."""
    if all(isinstance(one, int) for one in sizes):
        return tf.constant(list(sizes), tf.int64 if any(abs(one) >= 2**31 for one in sizes) else tf.int32, [len(sizes)])
    return tf.stack(list(sizes))
