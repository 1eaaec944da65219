"""A pass over a data set, by `tf.data`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

from infer_compare_tensorflow.native import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.backends import Array, Batch


class Pipeline:
    """A data set in host memory that yields batches."""

    def __init__(self, arrays: Sequence[Array], *, threads: int, prefetch: str) -> None:
        """Copy the arrays into tensors, once for all passes.

        Args:
            arrays: one per input of the model; axis 0 is the samples.
            threads: the thread budget.
            prefetch: `auto`, `off`, or the number of batches that are made ready ahead.
        """
        self.arrays = tuple(arrays)
        ahead = {"auto": tf.data.AUTOTUNE, "off": None}
        self._prefetch = ahead[prefetch] if prefetch in ahead else int(prefetch)
        with tf.device(HOST):
            dataset = tf.data.Dataset.from_tensor_slices(tuple(map(tf.convert_to_tensor, arrays)))
        options = tf.data.Options()
        options.threading.private_threadpool_size = threads
        self._dataset = dataset.with_options(options)

    def holds(self, arrays: Sequence[Array]) -> bool:
        """Return whether the pipeline was made of these very arrays."""
        return len(arrays) == len(self.arrays) and all(a is b for a, b in zip(arrays, self.arrays, strict=True))

    def batches(self, size: int) -> Iterator[Batch]:
        """Return one pass, in order, the last partial batch included; read-only arrays that share the tensors' memory."""
        with tf.device(HOST):
            dataset = self._dataset.batch(size)
            if self._prefetch is not None:
                dataset = dataset.prefetch(self._prefetch)
            iterator = dataset.as_numpy_iterator()
        for element in iterator:
            yield list(element)
