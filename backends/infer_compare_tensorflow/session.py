"""The session of the TensorFlow backend."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from infer_compare.backends import (
    FailureKind,
    InputError,
    MemoryReading,
    OperatingPoint,
    Session,
    UnsupportedModel,
    zeros_at,
)
from infer_compare_tensorflow import runtime
from infer_compare_tensorflow.casting import PRECISIONS, nodes_of, seen
from infer_compare_tensorflow.failures import classify
from infer_compare_tensorflow.graphs import Graphs
from infer_compare_tensorflow.native import sentence
from infer_compare_tensorflow.slot import Slot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infer_compare.backends import Array, Batch, Device
    from infer_compare_tensorflow.importer import Program
    from infer_compare_tensorflow.native import NativeProgram
    from infer_compare_tensorflow.slot import Shapes


class TensorFlowSession(Session[Slot]):
    """One graph with free axes, or one for each combination of sizes; see `Graphs`.

    It is called as a deployed program calls it: through the concrete function of a `tf.function`.

    A SavedModel is called through the signature that it was saved with. The option `call=direct` leaves out what such a call
    costs beside the graph, which can be more than a small model takes; see `DirectCall`.
    """

    def __init__(
        self,
        program: Program | NativeProgram,
        device: Device,
        *,
        jit_compile: bool,
        direct: bool = False,
        precision: str | None = None,
    ) -> None:
        """Trace the program for a device, unless its own signature is called.

        Raises:
            UnsupportedModel: an operator cannot be built with what the model asks of it, or does not run in the precision.
        """
        self.inputs = program.inputs
        self.outputs = program.outputs
        self._device = device
        self._device_name = runtime.name_of(device)
        self._jit_compile = jit_compile
        self._shapes: set[Shapes] = set()
        self._dtype = PRECISIONS[precision] if precision is not None else None
        # A function does not keep the variables that it captured alive; the loaded object owns them.
        self._program: Program | NativeProgram | None = program
        self._signature = None if direct or jit_compile or self._dtype is not None else program.signature
        self._call_kind = "direct" if direct else "function" if self._signature is None else "signature"
        self._graphs: Graphs | None = None
        if self._signature is None:
            self._graphs = Graphs(program, device, jit_compile=jit_compile, direct=direct, dtype=self._dtype)
        self._concrete: Any = self._graphs.free if self._graphs is not None else None
        self._expected = [(np.dtype(spec.dtype), spec.shape) for spec in program.inputs]
        # A function runs on the device of the call; where there is only one, the call need not name it.
        self._scope = tf.device(self._device_name) if len(runtime.devices()) > 1 else contextlib.nullcontext()
        self._precision = self._seen() or precision or program.precision
        if precision is not None:
            self._try(precision)

    def _seen(self) -> str:
        """Return the precision of the graph that is called; empty for a signature, whose graph is the author's own."""
        concrete: Any = self._concrete
        return seen(nodes_of(concrete.graph.as_graph_def())) if concrete is not None else ""

    def _try(self, precision: str) -> None:
        """Run one row of zeros, which shows whether every kernel exists.

        Raises:
            UnsupportedModel: one is not there.
        """
        try:
            self.prepare(OperatingPoint(1))
        except Exception as error:
            if classify(error).kind is not FailureKind.NO:
                raise
            said = "it has loops, which cannot be rewritten" if "different frames" in str(error) else sentence(error)
            raise UnsupportedModel(
                f"TensorFlow cannot run this model in {precision} on this device ({said}); choose another precision."
            ) from error

    @property
    def effective(self) -> Mapping[str, str]:
        """Threads, precision, XLA and oneDNN as TensorFlow reports them, and how the model is called."""
        threading = tf.config.threading
        tf32 = self._device.kind == "cuda" and tf.config.experimental.tensor_float_32_execution_enabled()
        each_size = self._graphs is not None and self._graphs.free is None
        return {
            **({"graphs": "one for each size"} if each_size else {}),
            "device": self._device_name,
            "execution": "xla" if self._jit_compile else "graph",
            "call": self._call_kind,
            "precision": "tf32" if tf32 and self._precision == "float32" else self._precision,
            "threads": str(threading.get_intra_op_parallelism_threads()),
            "inter_op_threads": str(threading.get_inter_op_parallelism_threads()),
            "onednn": "on" if _cpu_allocator_counts() else "off",
        }

    def prepare(self, point: OperatingPoint) -> None:
        """Run on zeros: the first run optimises the graph; under XLA the first of every shape compiles it.

        Raises:
            UnsupportedModel: the model cannot be traced for these sizes.
        """
        if self._shapes and not self._jit_compile and (self._graphs is None or self._graphs.free is not None):
            return
        batch = zeros_at(self.inputs, point)
        if batch is None:
            return
        if tuple(array.shape for array in batch) not in self._shapes:
            self.run(self.stage(batch))
            self.synchronize()

    def stage(self, batch: Batch, into: Slot | None = None) -> Slot:
        """Copy a batch to the device, in the dtype that the model takes.

        A given slot gets new tensors, since TensorFlow's tensors cannot be written to.

        Raises:
            InputError: the arrays do not have the dtypes and shapes in `inputs`.
            RuntimeError: the session was closed.
        """
        self._check_open()
        self._check(batch)
        with tf.device(self._device_name):
            arguments = [tf.constant(array) for array in batch]
            if self._graphs is not None and self._dtype is not None:
                arguments = [tf.cast(tensor, self._graphs.cast_to(tensor.dtype)) for tensor in arguments]
        shapes = tuple(array.shape for array in batch)
        call = self._signature or self._graphs.call_for(shapes)  # type: ignore[union-attr]
        if into is None:
            return Slot(arguments, shapes, call)
        into.arguments, into.shapes, into.call, into.outputs = arguments, shapes, call, ()
        return into

    def _check_open(self) -> None:
        if self._program is None:
            raise RuntimeError("this session was closed")

    def _check(self, batch: Batch) -> None:
        """Refuse a batch of other dtypes or shapes, since a direct call does not compare them with the signature."""
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
        """Call the function; the outputs stay on the device, in the slot.

        Raises:
            RuntimeError: the session was closed.
        """
        if self._program is None:
            raise RuntimeError("this session was closed")
        with self._scope:
            staged.outputs = staged.call(*staged.arguments)
        self._shapes.add(staged.shapes)

    def synchronize(self) -> None:
        """Wait for the device; on the CPU a call returns when it is done."""
        if self._device.kind != "cpu":
            tf.test.experimental.sync_devices()

    def fetch(self, staged: Slot) -> Sequence[Array]:
        """Copy the outputs to the host, in the dtypes that the model declares."""
        arrays = [np.asarray(tensor.numpy()) for tensor in staged.outputs]
        if self._dtype is not None:
            arrays = [array.astype(spec.dtype) for array, spec in zip(arrays, self.outputs, strict=True)]
        return arrays

    def release(self, staged: Slot) -> None:
        """Drop the slot's tensors."""
        staged.arguments = []
        staged.outputs = ()

    def compilations(self) -> int:
        """Return how often the model was traced, and under XLA compiled: once for every distinct set of input shapes.

        A model is traced once, or once for each combination of sizes where it cannot be traced with free axes.
        """
        return self._graphs.traces + (len(self._shapes) if self._jit_compile else 0) if self._graphs is not None else 0

    def peak_memory(self) -> MemoryReading | None:
        """Return the peak of live tensors by TensorFlow's allocator; None on a CPU without oneDNN, where nothing counts."""
        try:
            reading: dict[str, Any] = tf.config.experimental.get_memory_info(self._device_name.strip("/"))
        except ValueError:
            return None
        return MemoryReading(allocated=int(reading["peak"]))

    def reset_peak_memory(self) -> None:
        """Start a new peak where TensorFlow counts."""
        with contextlib.suppress(ValueError):
            tf.config.experimental.reset_memory_stats(self._device_name.strip("/"))

    def close(self) -> None:
        """Drop the function and the weights that it captured."""
        self._signature = self._graphs = self._concrete = self._program = None


def _cpu_allocator_counts() -> bool:
    """Return whether oneDNN is on: its allocator is the one on the CPU that keeps statistics."""
    try:
        tf.config.experimental.get_memory_info("CPU:0")
    except ValueError:
        return False
    return True
