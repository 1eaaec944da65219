"""The graphs of a program: one with free axes, or one for each combination of sizes where a free axis cannot be traced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tensorflow as tf

from infer_compare.backends import BATCH, FailureKind, UnsupportedModel
from infer_compare_tensorflow import runtime
from infer_compare_tensorflow.calling import DirectCall
from infer_compare_tensorflow.casting import cast
from infer_compare_tensorflow.failures import classify
from infer_compare_tensorflow.importer import Target
from infer_compare_tensorflow.native import NativeProgram

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.backends import Device
    from infer_compare_tensorflow.importer import Program
    from infer_compare_tensorflow.slot import Shapes


class Graphs:
    """Traces a program for a device."""

    def __init__(
        self,
        program: Program | NativeProgram,
        device: Device,
        *,
        jit_compile: bool,
        direct: bool,
        dtype: tf.DType | None,
    ) -> None:
        """Trace the program with all its axes free, if it can be.

        Args:
            program: what is traced.
            device: where it runs.
            jit_compile: whether XLA compiles it.
            direct: whether the graph is run without what the call of a function costs beside it.
            dtype: what it computes in; None for what it is made in.

        Raises:
            UnsupportedModel: an operator cannot be built with what the model asks of it.
        """
        self._program = program
        self._device = device
        self._device_name = runtime.name_of(device)
        self._jit_compile = jit_compile
        self._direct = direct
        self._dtype = dtype
        self._calls: dict[tuple[tuple[int | None, ...], ...], Any] = {}
        self.traces = 0
        """How often the program was traced."""
        self.free: Any = None
        """The concrete function with free axes; None if each combination of sizes has one."""
        free = [tuple(size if isinstance(size, int) else None for size in spec.shape) for spec in program.inputs]
        try:
            self.free = self._traced(free)
        except Exception as error:
            if not self._may_need_sizes(error):
                raise
            self.traces = 0
        else:
            self._call = self._callable(self.free)

    def call_for(self, shapes: Shapes) -> Callable[..., Sequence[tf.Tensor]]:
        """Return a call for inputs of these shapes; it is traced if the shapes are new and no graph takes them all.

        Raises:
            UnsupportedModel: an operator cannot be built for these sizes.
        """
        if self.free is not None:
            return self._call  # type: ignore[no-any-return]
        fixed = tuple(
            tuple(None if declared == BATCH else size for declared, size in zip(spec.shape, shape, strict=True))
            for spec, shape in zip(self._program.inputs, shapes, strict=True)
        )
        if fixed not in self._calls:
            self._calls[fixed] = self._callable(self._traced(fixed))
        return self._calls[fixed]  # type: ignore[no-any-return]

    def cast_to(self, dtype: tf.DType) -> tf.DType:
        """Return the dtype in which the graph takes an input of this dtype."""
        return self._dtype if self._dtype is not None and dtype.is_floating else dtype

    def _may_need_sizes(self, error: Exception) -> bool:
        """Return whether a failure to trace may be due to an axis, other than the batch, whose size is not known."""
        if not any(isinstance(size, str) and size != BATCH for spec in self._program.inputs for size in spec.shape):
            return False
        # A layer of Keras fails in its own way where it needs a number.
        native = isinstance(self._program, NativeProgram)
        return isinstance(error, UnsupportedModel) or (native and classify(error).kind is FailureKind.NO)

    def _callable(self, concrete: Any) -> Any:  # noqa: ANN401 - a concrete function
        return DirectCall(concrete) if self._direct else concrete

    def _traced(self, shapes: Sequence[tuple[int | None, ...]]) -> Any:  # noqa: ANN401 - a concrete function
        """Return the program as a function of inputs of these shapes."""
        signature = [tf.TensorSpec(shape, spec.dtype) for shape, spec in zip(shapes, self._program.inputs, strict=True)]
        # oneDNN reorders a constant kernel once and a captured one at every call; XLA and cuDNN gain nothing.
        constant_kernels = self._device.kind == "cpu" and not self._jit_compile
        render = self._program.tracer(Target(constant_kernels=constant_kernels, xla=self._jit_compile))
        if self._dtype is not None:
            with tf.device(self._device_name):
                own = tf.function(render, input_signature=signature, autograph=False).get_concrete_function()
            render = cast(own, self._dtype, gpu=self._device.kind == "cuda")
            signature = [tf.TensorSpec(spec.shape, self.cast_to(spec.dtype)) for spec in signature]

        def trace(*inputs: tf.Tensor) -> list[tf.Tensor]:
            self.traces += 1
            return render(*inputs)

        with tf.device(self._device_name):
            function = tf.function(trace, input_signature=signature, jit_compile=self._jit_compile, autograph=False)
            if self._jit_compile and self._direct:
                # PartitionedCall does not see the mark that asks for XLA; a call inside a graph does.
                function = tf.function(function, input_signature=signature, autograph=False)
            return function.get_concrete_function()
