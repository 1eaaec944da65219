"""Direct calls of a traced graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tensorflow as tf

if TYPE_CHECKING:
    from collections.abc import Sequence


class DirectCall:
    """Runs the graph of a concrete function through `tf.raw_ops`, without what its call costs beside the graph.

    A concrete function binds its arguments and packs its outputs in Python, and hands the graph to another thread; this
    runs the same graph in the thread of the caller.
    """

    __slots__ = ("_callee", "_captured", "_concrete", "_operator", "_output_types")

    def __init__(self, concrete: Any) -> None:  # noqa: ANN401 - a concrete function
        """Take a concrete function and keep it alive."""
        self._concrete = concrete
        self._callee = concrete.inference_fn
        self._captured = list(concrete.captured_inputs)
        self._output_types = [tensor.dtype for tensor in concrete.outputs]
        stateful = concrete.function_def.signature.is_stateful
        self._operator = tf.raw_ops.StatefulPartitionedCall if stateful else tf.raw_ops.PartitionedCall

    def __call__(self, *inputs: tf.Tensor) -> Sequence[tf.Tensor]:
        """Return the outputs as a list; inputs are in the order of the function's arguments."""
        outputs: Sequence[tf.Tensor] = self._operator(
            args=[*inputs, *self._captured], Tout=self._output_types, f=self._callee
        )
        return outputs
