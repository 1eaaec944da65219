"""The forms in which the importer holds a value while it traces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from infer_compare_tensorflow.importer.target import target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


Value = Any
"""`numpy.ndarray`, `tf.Tensor`, `ChannelsLast` or `Dims`; None for an optional input that was left out."""

Size = Any
"""The size of an axis: an `int`, or a scalar int32 tensor where it is known only when the model runs."""

CAPTURED_BYTES = 65536
"""Arrays from this size are captured by the function instead of becoming constants of its graph.

A graph holds several copies of its constants and optimising it reads them all: 320 MB of weights took 26 s and
5 GB as constants, 1 s and 1.5 GB captured, and matrix products ran no slower.
"""


class ChannelsLast:
    """A value of ONNX shape [N, C, *spatial] that is held as [N, *spatial, C]."""

    __slots__ = ("_first", "last")

    def __init__(self, last: tf.Tensor, first: tf.Tensor | None = None) -> None:
        """Keep the tensor in channels-last order, and in ONNX order if that exists already."""
        self.last = last
        self._first = first

    @property
    def first(self) -> tf.Tensor:
        """The value in ONNX order; it is transposed at most once."""
        if self._first is None:
            self._first = tf.transpose(self.last, to_first(self.rank))
        return self._first

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.last.shape)

    def axis(self, axis: int) -> int:
        """Return where an axis of the ONNX order lies in the tensor as it is held."""
        return to_last(self.rank).index(axis % self.rank)


@dataclass(frozen=True, slots=True)
class Dims:
    """A scalar or vector of integers of which some are known only when the model runs: a shape with free axes."""

    entries: tuple[Size, ...]
    scalar: bool = False
    dtype: str = "int64"

    def tensor(self) -> tf.Tensor:
        """Return the sizes as a tensor of their dtype."""
        value = self.entries[0] if self.scalar else tf.stack([tf.cast(entry, tf.int32) for entry in self.entries])
        return tf.cast(value, self.dtype)

    def folded(self) -> Value:
        """Return sizes as a numpy array if every entry is known, else unchanged."""
        if not all(isinstance(entry, int) for entry in self.entries):
            return self
        return np.asarray(self.entries[0] if self.scalar else self.entries, self.dtype)


def to_last(rank: int) -> list[int]:
    """Return the permutation from [N, C, *spatial] to [N, *spatial, C]."""
    return [0, *range(2, rank), 1]


def to_first(rank: int) -> list[int]:
    """Return the permutation from [N, *spatial, C] to [N, C, *spatial]."""
    return [0, rank - 1, *range(1, rank - 1)]


def tensor(value: Value) -> tf.Tensor:
    """Return a value as a tensor in ONNX order; large arrays are captured, see `CAPTURED_BYTES`."""
    if isinstance(value, ChannelsLast):
        return value.first
    if isinstance(value, Dims):
        return value.tensor()
    if isinstance(value, np.ndarray):
        return captured(value) if value.nbytes >= CAPTURED_BYTES else tf.constant(value)
    return value


def captured(array: NDArray[Any]) -> tf.Tensor:
    """Return an array as a tensor outside the graph, on the device for which the graph is traced."""
    with tf.init_scope():
        return tf.constant(array)


def swapped(value: Value) -> tf.Tensor:
    """Return a value with its last two axes swapped; of an array at once, while tracing.

    A product with a transposed matrix of weights takes two to three times as long as one with the matrix itself for
    batches of 2 to 8, because the matrix is copied in every call.
    """
    if isinstance(value, np.ndarray):
        return tensor(np.ascontiguousarray(np.swapaxes(value, -1, -2)))
    return tf.linalg.matrix_transpose(tensor(value))


def kernel(value: Value, permutation: Sequence[int]) -> tf.Tensor:
    """Return convolution weights with their axes permuted; see `Target`."""
    if not isinstance(value, np.ndarray):
        return tf.transpose(tensor(value), permutation)
    array = np.ascontiguousarray(np.transpose(value, permutation))
    return tf.constant(array) if target.get().constant_kernels else tensor(array)


def shape_of(value: Value) -> list[Size]:
    """Return the sizes of a value in ONNX order: ints where they are known, scalar int32 tensors elsewhere."""
    if isinstance(value, Dims):
        return [] if value.scalar else [len(value.entries)]
    if isinstance(value, np.ndarray):
        return list(value.shape)
    if isinstance(value, ChannelsLast):
        sizes = _tensor_shape(value.last)
        return [sizes[axis] for axis in to_first(value.rank)]
    return _tensor_shape(value)


def _tensor_shape(value: tf.Tensor) -> list[Size]:
    static: list[int | None] = value.shape.as_list()
    if None not in static:
        return static
    dynamic = tf.shape(value)
    return [dynamic[axis] if size is None else size for axis, size in enumerate(static)]


def rank_of(value: Value) -> int:
    """Return the number of axes."""
    return len(value.shape) if isinstance(value, np.ndarray | tf.Tensor) else len(shape_of(value))


def dtype_of(value: Value) -> tf.DType:
    """Return the type of a value's elements."""
    if isinstance(value, ChannelsLast):
        return value.last.dtype
    return tf.as_dtype(value.dtype)


def described(value: Value) -> str:
    """Return dtype and shape in words, such as `float32[3, ?]`, with a question mark for what is not known."""
    if isinstance(value, tf.Tensor) and value.shape.rank is None:
        return f"{value.dtype.name}[...]"
    dtype = value.dtype.name if isinstance(value, np.ndarray) else dtype_of(value).name
    return f"{dtype}[{', '.join(str(size) if isinstance(size, int) else '?' for size in shape_of(value))}]"
