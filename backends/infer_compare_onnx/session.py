"""A model in an ONNX Runtime session, with inputs and outputs bound to the device."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

import ml_dtypes
import numpy as np
import onnxruntime

from infer_compare.backends import (
    DeviceUnavailable,
    Session,
    TensorSpec,
    UnsupportedModel,
    name_batch,
    precision_of,
    unnamed,
)
from infer_compare_onnx.devices import CUDA_PROVIDER, cuda_devices, cuda_problem, distributions
from infer_compare_onnx.failures import explain
from infer_compare_onnx.graph_precision import precision_of_graph

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from infer_compare.backends import Array, Batch, Device, Settings
    from infer_compare_onnx.options import OnnxOptions

CPU_PROVIDER = "CPUExecutionProvider"
SILENT = 4
"""Severity of fatal errors only: every failed allocation is logged otherwise, and raised besides."""

DTYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(float16)": "float16",
    "tensor(bfloat16)": "bfloat16",
    "tensor(int8)": "int8",
    "tensor(int16)": "int16",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
    "tensor(uint8)": "uint8",
    "tensor(uint16)": "uint16",
    "tensor(uint32)": "uint32",
    "tensor(uint64)": "uint64",
    "tensor(bool)": "bool",
}
"""ONNX Runtime's type names, and the numpy dtypes that it exchanges without a conversion."""

BFLOAT16 = 16
"""ONNX's number of that element type."""

_distributions = cache(distributions)
"""Looking through all that is installed takes a fifth of a second."""

LEVELS = {
    "disable": onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "basic": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "extended": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "all": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
}
MODES = {
    "sequential": onnxruntime.ExecutionMode.ORT_SEQUENTIAL,
    "parallel": onnxruntime.ExecutionMode.ORT_PARALLEL,
}


@dataclass(slots=True, eq=False)
class Slot:
    """One staged batch: its binding, and the values that must live as long as the binding points at them."""

    binding: Any
    values: list[Any]


class OnnxSession(Session[Slot]):
    """A model on one device.

    Outputs are allocated by ONNX Runtime on the device in a slot's first run and written in place by the next
    ones, as in a deployment that binds its outputs. On the processor a staged input *is* the array that was
    given, without a copy; on CUDA it is a copy in device memory.
    """

    def __init__(self, path: Path, device: Device, settings: Settings) -> None:
        """Makes the ONNX Runtime session.

        Raises:
            DeviceUnavailable: there is no such device, or ONNX Runtime took another one.
            UnsupportedModel: an operator, type or opset that ONNX Runtime does not have.
            ModelError: the file is not a valid ONNX model.
        """
        self._cuda = device.kind == "cuda"
        self._device = ("cuda" if self._cuda else "cpu", device.index)
        if self._cuda:
            _require_cuda(device)
        self._session: Any = _make(path, device, settings)
        inputs = [_spec(node, "input") for node in self._session.get_inputs()]
        outputs = [_spec(node, "output") for node in self._session.get_outputs()]
        self.inputs, self.outputs = name_batch(inputs, outputs)
        self._varying = _varying(inputs, outputs)
        self._narrow = any(spec.dtype == "bfloat16" for spec in outputs)
        if self._cuda and any(spec.dtype == "bfloat16" for spec in (*inputs, *outputs)):
            raise UnsupportedModel(
                "ONNX Runtime does not exchange bfloat16 with a CUDA device; use float16 or float32 there."
            )
        # `run_with_iobinding` costs 0.3 us over the private call beneath it, once its run options name a graph:
        # without that entry its look-up raises and catches an exception, 29 us in each call (1.31).
        self._run: Any = self._session.run_with_iobinding
        self._run_options = _asynchronous() if self._cuda else None
        self._barrier = self._session.io_binding()
        precision = precision_of_graph(path) or precision_of((*self.inputs, *self.outputs))
        self._effective = _effective(self._session, precision, cuda=self._cuda)

    @property
    def effective(self) -> Mapping[str, str]:
        """Provider, threads, optimisation and precision, as the session tells them."""
        return self._effective

    def stage(self, batch: Batch, into: Slot | None = None) -> Slot:
        """Bind a batch. On CUDA a reused slot keeps its addresses; on the processor it points at the new arrays."""
        slot = into or Slot(self._session.io_binding(), [])
        if into is None:
            self._bind_outputs(slot, [spec.name for spec in self.outputs])
        else:
            self._bind_outputs(slot, self._varying)
        if into is not None and self._cuda:
            for value, array in zip(slot.values, batch, strict=True):
                value.update_inplace(np.ascontiguousarray(array))
            return slot
        values = [self._value(np.ascontiguousarray(array)) for array in batch]
        for spec, value in zip(self.inputs, values, strict=True):
            slot.binding.bind_ortvalue_input(spec.name, value)
        slot.values = values
        return slot

    def _value(self, array: Array) -> Any:  # noqa: ANN401 - onnxruntime has no types
        if array.dtype.name != "bfloat16":
            return onnxruntime.OrtValue.ortvalue_from_numpy(array, *self._device)
        return onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(array.view(np.uint16), BFLOAT16)

    def _bind_outputs(self, slot: Slot, names: Sequence[str]) -> None:
        for name in names:
            slot.binding.bind_output(name, *self._device)

    def run(self, staged: Slot) -> None:
        """Run the model; on CUDA it returns when the work is enqueued."""
        self._run(staged.binding, self._run_options)

    def synchronize(self) -> None:
        """Wait for the device; on the processor nothing is left to wait for."""
        if self._cuda:
            self._barrier.synchronize_outputs()

    def fetch(self, staged: Slot) -> Sequence[Array]:
        """Return copies of the outputs in host memory."""
        if self._narrow:
            return [_copied(value) for value in staged.binding.get_outputs()]
        outputs: list[Array] = staged.binding.copy_outputs_to_cpu()
        return outputs

    def release(self, staged: Slot) -> None:
        """Free the slot's inputs and outputs."""
        staged.binding.clear_binding_inputs()
        staged.binding.clear_binding_outputs()
        staged.values.clear()

    def close(self) -> None:
        """Let go of the ONNX Runtime session, which ends its threads once no slot is left."""
        self._session = self._barrier = None
        self._run = _closed


def _copied(value: Any) -> Array:  # noqa: ANN401 - as above
    """An output in host memory; ONNX Runtime makes no numpy array of bfloat16."""
    if value.data_type() != "tensor(bfloat16)":
        array: Array = value.numpy()
        return array
    data = ctypes.string_at(value.data_ptr(), value.tensor_size_in_bytes())
    return np.frombuffer(bytearray(data), ml_dtypes.bfloat16).reshape(value.shape())


def _closed(*_: object) -> NoReturn:
    raise RuntimeError("the session is closed")


def _require_cuda(device: Device) -> None:
    problem = cuda_problem()
    if problem is not None:
        raise DeviceUnavailable(f"ONNX Runtime cannot use {device}: {problem}.")
    if device.index >= len(cuda_devices()):
        raise DeviceUnavailable(f"There is no {device}; the last device is cuda:{len(cuda_devices()) - 1}.")


def _make(path: Path, device: Device, settings: Settings) -> Any:  # noqa: ANN401 - ONNX Runtime has no type hints
    onnxruntime.set_default_logger_severity(SILENT)
    options = _session_options(settings)
    provider: Any = CPU_PROVIDER
    if device.kind == "cuda":
        chosen = {"device_id": str(device.index)}
        if settings.device_memory is not None:
            # Of its arena alone: what cuDNN and cuBLAS take beside it is not counted.
            chosen["gpu_mem_limit"] = str(settings.device_memory)
        provider = (CUDA_PROVIDER, chosen)
        options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    try:
        # With its fallback enabled, ONNX Runtime prints to stdout and runs on the processor.
        session = onnxruntime.InferenceSession(path, options, providers=[provider], enable_fallback=False)
    except Exception as error:
        explained = explain(error, path)
        if explained is None:
            raise
        raise explained from error
    wanted = CUDA_PROVIDER if device.kind == "cuda" else CPU_PROVIDER
    if wanted not in session.get_providers():
        raise DeviceUnavailable(
            f"ONNX Runtime used {', '.join(session.get_providers())} instead of {wanted} for {device}; "
            "its log says why (ORT_LOGGING_LEVEL, or its requirements page for CUDA and cuDNN versions)."
        )
    return session


def _session_options(settings: Settings) -> Any:  # noqa: ANN401 - as above
    options: OnnxOptions = settings.options  # type: ignore[assignment]
    made = onnxruntime.SessionOptions()
    made.log_severity_level = SILENT
    made.intra_op_num_threads = settings.threads
    made.graph_optimization_level = LEVELS[options.graph_optimization]
    made.execution_mode = MODES[options.execution_mode]
    made.inter_op_num_threads = settings.threads if options.execution_mode == "parallel" else 1
    return made


def _asynchronous() -> Any:  # noqa: ANN401 - as above
    options = onnxruntime.RunOptions()
    options.add_run_config_entry("disable_synchronize_execution_providers", "1")
    options.add_run_config_entry("gpu_graph_id", "0")  # the default, said aloud: see `OnnxSession.__init__`
    return options


def _spec(node: Any, role: str) -> TensorSpec:  # noqa: ANN401 - as above
    dtype = DTYPES.get(node.type)
    if dtype is None:
        raise UnsupportedModel(
            f"The {role} {node.name!r} is a {node.type}, which ONNX Runtime does not exchange with numpy."
        )
    shape = tuple(unnamed(index) if size is None else size for index, size in enumerate(node.shape))
    return TensorSpec(node.name, dtype, shape)


def _varying(inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> tuple[str, ...]:
    """Outputs whose size may depend on the data: another batch in the same slot must allocate them anew.

    ONNX Runtime refuses to run when an output that it allocated before would get another shape.
    """
    known = {axis for spec in inputs for axis in spec.shape if isinstance(axis, str)}
    return tuple(
        spec.name
        for spec in outputs
        if any(
            isinstance(axis, str) and (axis not in known or axis == unnamed(index))
            for index, axis in enumerate(spec.shape)
        )
    )


def _effective(session: Any, precision: str, *, cuda: bool) -> dict[str, str]:  # noqa: ANN401 - as above
    options = session.get_session_options()
    provider_options = session.get_provider_options().get(CUDA_PROVIDER, {})
    if precision == "float32" and cuda and provider_options.get("use_tf32") == "1":
        precision = "tf32"
    effective = {
        "provider": ", ".join(session.get_providers()),
        "threads": str(options.intra_op_num_threads),
        "inter_op_threads": str(options.inter_op_num_threads),
        "graph_optimization": _word(LEVELS, options.graph_optimization_level),
        "execution_mode": _word(MODES, options.execution_mode),
        "precision": precision,
        "distribution": _distributions(),
    }
    if cuda:
        effective["cudnn_conv_algo_search"] = provider_options.get("cudnn_conv_algo_search", "unknown")
        effective["nodes"] = _nodes(session)
    return effective


def _word(words: Mapping[str, Any], value: object) -> str:
    return next((word for word, one in words.items() if one == value), str(value))


def _nodes(session: Any) -> str:  # noqa: ANN401 - as above
    """How many nodes each provider took, since those that CUDA lacks run on the processor."""
    tell = getattr(session, "get_provider_graph_assignment_info", None)
    if tell is None:
        return "unknown"
    counts: dict[str, int] = {}
    for part in tell():
        counts[part.ep_name] = counts.get(part.ep_name, 0) + len(part.get_nodes())
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
