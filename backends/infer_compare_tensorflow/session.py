"""A model on a device of TensorFlow, behind the session interface."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from infer_compare import MemoryReading, Session
from infer_compare.errors import InputError
from infer_compare_tensorflow import runtime
from infer_compare_tensorflow.importer import Target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infer_compare import Device
    from infer_compare.interfaces.backend import Array, Batch
    from infer_compare_tensorflow.importer import Program


class Slot:
    """A staged batch: its inputs on the device, and after `run` its outputs."""

    __slots__ = ("arguments", "outputs")

    def __init__(self, arguments: list[tf.Tensor]) -> None:
        """Takes the staged inputs, followed by the tensors that the function captured."""
        self.arguments = arguments
        self.outputs: Sequence[tf.Tensor] = ()


class TensorFlowSession(Session[Slot]):
    """One concrete function with free axes, called through `tf.raw_ops.PartitionedCall`.

    Calling the concrete function itself binds the arguments in Python anew, which costs about ten times as much
    (160 against 13 us) and is as long as a small model takes; the graph that runs is the same.
    """

    def __init__(self, program: Program, device: Device, *, jit_compile: bool) -> None:
        """Traces the program for a device.

        Raises:
            UnsupportedModel: an operator cannot be built with what the model asks of it.
        """
        self.inputs = program.inputs
        self.outputs = program.outputs
        self._device = device
        self._device_name = runtime.name_of(device)
        self._jit_compile = jit_compile
        self._shapes: set[tuple[tuple[int, ...], ...]] = set()
        signature = [
            tf.TensorSpec([size if isinstance(size, int) else None for size in spec.shape], spec.dtype)
            for spec in program.inputs
        ]
        # oneDNN reorders a constant kernel once and a captured one at every call; XLA and cuDNN gain nothing.
        constant_kernels = device.kind == "cpu" and not jit_compile
        trace = program.tracer(Target(constant_kernels=constant_kernels, xla=jit_compile))
        with tf.device(self._device_name):
            self._function = tf.function(trace, input_signature=signature, jit_compile=jit_compile, autograph=False)
            # PartitionedCall does not see the mark that asks for XLA; a call inside a graph does.
            outer = tf.function(self._function, input_signature=signature, autograph=False)
            concrete = (outer if jit_compile else self._function).get_concrete_function()
        self._concrete = concrete
        self._callee = concrete.inference_fn
        self._captured = list(concrete.captured_inputs)
        self._output_types = [tensor.dtype for tensor in concrete.outputs]
        self._expected = [(np.dtype(spec.dtype), spec.shape) for spec in program.inputs]
        self._scope = tf.device(self._device_name) if device.kind == "cuda" else contextlib.nullcontext()

    @property
    def effective(self) -> Mapping[str, str]:
        """Threads, precision, graph or XLA, oneDNN, as TensorFlow tells them."""
        threading = tf.config.threading
        tf32 = self._device.kind == "cuda" and tf.config.experimental.tensor_float_32_execution_enabled()
        return {
            "device": self._device_name,
            "execution": "xla" if self._jit_compile else "graph",
            "precision": "tf32" if tf32 else "float32",
            "threads_intra": str(threading.get_intra_op_parallelism_threads()),
            "threads_inter": str(threading.get_inter_op_parallelism_threads()),
            "onednn": "on" if _cpu_allocator_counts() else "off",
        }

    def stage(self, batch: Batch, into: Slot | None = None) -> Slot:  # noqa: ARG002 - eager tensors cannot be overwritten
        """Copies a batch to the device, into new tensors.

        Raises:
            InputError: the arrays do not have the dtypes and shapes that `inputs` tells.
        """
        self._check(batch)
        with tf.device(self._device_name):
            return Slot([*(tf.constant(array) for array in batch), *self._captured])

    def _check(self, batch: Batch) -> None:
        """`PartitionedCall` compares nothing with the signature, so a wrong shape would meet a graph traced for another."""
        if len(batch) != len(self._expected):
            raise InputError(f"The model takes {len(self._expected)} inputs, and {len(batch)} arrays were given.")
        for array, spec, (dtype, shape) in zip(batch, self.inputs, self._expected, strict=True):
            fits = array.ndim == len(shape) and all(
                isinstance(size, str) or size == given for size, given in zip(shape, array.shape, strict=True)
            )
            if not fits or array.dtype != dtype:
                raise InputError(
                    f"The input {spec.name!r} is {spec.dtype}{list(shape)}, and {array.dtype}{list(array.shape)} was given."
                )

    def run(self, staged: Slot) -> None:
        """Calls the function; the outputs stay on the device, in the slot."""
        with self._scope:
            staged.outputs = tf.raw_ops.PartitionedCall(args=staged.arguments, Tout=self._output_types, f=self._callee)
        if self._jit_compile:
            self._shapes.add(tuple(tuple(tensor.shape) for tensor in staged.arguments[: len(self.inputs)]))

    def synchronize(self) -> None:
        """Waits for the device; on the CPU a call returns when it is done."""
        if self._device.kind != "cpu":
            tf.test.experimental.sync_devices()

    def fetch(self, staged: Slot) -> Sequence[Array]:
        """Copies the outputs to the host."""
        return [np.asarray(tensor.numpy()) for tensor in staged.outputs]

    def release(self, staged: Slot) -> None:
        """Drops the slot's tensors."""
        staged.arguments = []
        staged.outputs = ()

    def compilations(self) -> int:
        """How often the model was traced, and under XLA compiled: once for every distinct set of input shapes."""
        return int(self._function.experimental_get_tracing_count()) + len(self._shapes)

    def peak_memory(self) -> MemoryReading | None:
        """Peak of live tensors by TensorFlow's allocator; None on a CPU without oneDNN, where nothing counts."""
        try:
            reading: dict[str, Any] = tf.config.experimental.get_memory_info(self._device_name.strip("/"))
        except ValueError:
            return None
        return MemoryReading(allocated=int(reading["peak"]))

    def reset_peak_memory(self) -> None:
        """Starts a new peak where TensorFlow counts."""
        with contextlib.suppress(ValueError):
            tf.config.experimental.reset_memory_stats(self._device_name.strip("/"))

    def close(self) -> None:
        """Drops the captured weights."""
        self._captured = []


def _cpu_allocator_counts() -> bool:
    """Whether oneDNN is on: its allocator is the one on the CPU that keeps statistics."""
    try:
        tf.config.experimental.get_memory_info("CPU:0")
    except ValueError:
        return False
    return True
