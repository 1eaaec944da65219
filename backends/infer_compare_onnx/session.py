"""A model in an ONNX Runtime session, with inputs and outputs bound to the device."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import ml_dtypes
import numpy as np
import onnxruntime

from infer_compare.backends import (
    Session,
    TensorSpec,
    UnsupportedModel,
    name_batch,
    precision_of,
    unnamed,
)
from infer_compare_onnx.creation import make_session
from infer_compare_onnx.effective import effective_of
from infer_compare_onnx.graph_precision import precision_of_graph

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from infer_compare.backends import Array, Batch, Device, Settings
    from infer_compare_onnx.options import OnnxOptions

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
"""ONNX Runtime's type names with the numpy dtypes that it exchanges without conversion."""

BFLOAT16 = 16
"""ONNX's number of the element type bfloat16."""


@dataclass(slots=True, eq=False)
class Slot:
    """A staged batch: its binding, and the values that must live as long as the binding refers to them."""

    binding: Any
    values: list[Any]


class OnnxSession(Session[Slot]):
    """A model on one device.

    ONNX Runtime allocates the outputs on the device in a slot's first run; later runs write to them in place, as in a
    deployment that binds its outputs. On the CPU a staged input *is* the given array, without a copy; on CUDA it is a copy in
    device memory.
    """

    def __init__(self, path: Path, device: Device, settings: Settings) -> None:
        """Make the ONNX Runtime session.

        Raises:
            DeviceUnavailable: there is no such device, or ONNX Runtime took another one.
            UnsupportedModel: an operator, type or opset that ONNX Runtime does not have.
            ModelError: the file is not a valid ONNX model.
        """
        self._cuda = device.kind == "cuda"
        self._device = ("cuda" if self._cuda else "cpu", device.index)
        self._session: Any = make_session(path, device, settings)
        inputs = [_spec(node, "input") for node in self._session.get_inputs()]
        outputs = [_spec(node, "output") for node in self._session.get_outputs()]
        self.inputs, self.outputs = name_batch(inputs, outputs)
        self._varying = _varying(inputs, outputs)
        self._narrow = any(spec.dtype == "bfloat16" for spec in outputs)
        if self._cuda and any(spec.dtype == "bfloat16" for spec in (*inputs, *outputs)):
            raise UnsupportedModel(
                "ONNX Runtime does not exchange bfloat16 with a CUDA device; use float16 or float32 there."
            )
        # `run_with_iobinding` adds 0.3 us to the private call that it wraps if its run options name a graph; without this
        # entry, its look-up raises and catches an exception, 29 us in each call (1.31).
        self._run: Any = self._session.run_with_iobinding
        self._run_options = _asynchronous() if self._cuda else None
        self._barrier = self._session.io_binding()
        options: OnnxOptions = settings.options  # type: ignore[assignment]
        precision = precision_of_graph(path) or precision_of((*self.inputs, *self.outputs))
        self._effective = effective_of(self._session, precision, options.provider, cuda=self._cuda)

    @property
    def effective(self) -> Mapping[str, str]:
        """Provider, threads, optimisation and precision, as the session reports them."""
        return self._effective

    def stage(self, batch: Batch, into: Slot | None = None) -> Slot:
        """Bind a batch. On CUDA a reused slot keeps its addresses; on the CPU it refers to the new arrays."""
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
        """Wait for the device; on the CPU there is nothing to wait for."""
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
        """Release the ONNX Runtime session, which ends its threads once no slot is left."""
        self._session = self._barrier = None
        self._run = _closed


def _copied(value: Any) -> Array:  # noqa: ANN401 - as above
    """Return an output in host memory; ONNX Runtime makes no numpy array of bfloat16."""
    if value.data_type() != "tensor(bfloat16)":
        array: Array = value.numpy()
        return array
    data = ctypes.string_at(value.data_ptr(), value.tensor_size_in_bytes())
    return np.frombuffer(bytearray(data), ml_dtypes.bfloat16).reshape(value.shape())


def _closed(*_: object) -> NoReturn:
    raise RuntimeError("the session is closed")


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
    """Return the outputs whose size may depend on the data, which each new batch in a slot must allocate again.

    ONNX Runtime fails if an output that it allocated before would get another shape.
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
