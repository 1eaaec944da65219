"""A model that torch runs."""

from __future__ import annotations

import operator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from infer_compare.backends import MemoryReading, Session, precision_of, zeros_at
from infer_compare_torch import compiling, recording, runtime
from infer_compare_torch.casting import PRECISIONS, cast
from infer_compare_torch.device_memory import DeviceMemory
from infer_compare_torch.facts import facts_of
from infer_compare_torch.importer.dtypes import from_name, numpy_from_tensor, tensor_from_numpy
from infer_compare_torch.loaded import Slot
from infer_compare_torch.observing import observe
from infer_compare_torch.structures import leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from infer_compare.backends import Device, OperatingPoint, TensorSpec
    from infer_compare_torch import TorchOptions
    from infer_compare_torch.loaded import LoadedModel


class TorchSession(Session[Slot]):
    """A module on a device, eager or compiled."""

    def __init__(
        self, loaded: LoadedModel, device: Device, options: TorchOptions, precision: str | None = None
    ) -> None:
        """Cast the module if a precision is asked for, and move it to the device.

        Raises:
            DeviceUnavailable: torch cannot use the device on this machine.
            BackendUnusable: it is to compile, and there is no compiler.
            UnsupportedModel: the module does not run in that precision.
        """
        self._device = runtime.resolve(device)
        if options.compile and self._device.type == "cpu":
            runtime.need_compiler()
        self._options = options
        self._attentions = loaded.attentions
        self._format = torch.channels_last if options.channels_last else torch.contiguous_format
        self.inputs: Sequence[TensorSpec] = loaded.inputs
        self.outputs: Sequence[TensorSpec] = loaded.outputs
        self._precision = precision
        dtype = PRECISIONS[precision] if precision is not None else None
        self._cast_to = None if options.autocast else dtype
        module = runtime.evaluating(loaded.module).requires_grad_(False)
        if self._cast_to is not None:
            module = cast(module, self._cast_to)
        module = module.to(self._device)
        if options.channels_last:
            module = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._binding = loaded.binding
        self._inference = torch.inference_mode()
        self._autocast: AbstractContextManager[object] = (
            torch.autocast(self._device.type, dtype) if options.autocast else nullcontext()
        )
        self._inside = False
        self._on_device = self._device.type == "cuda"
        self._facts = self._observed(module)
        self._run: Callable[..., Any] = compiling.compiled(module, options) if options.compile else module
        # An eager session spares the second that importing the compiler takes.
        self._counts = compiling.counts() if options.compile else (0, 0)
        self._memory = DeviceMemory(self._device) if self._on_device else None
        self._closed = False

    def _observed(self, module: nn.Module) -> dict[str, str]:
        """Return what the module was seen to compute in."""

        def call(tensors: Sequence[torch.Tensor]) -> object:
            arguments, keywords = self._bound(tensors)
            with self._autocast:
                return module(*arguments, **keywords)

        asked = f"{self._precision} under autocast" if self._options.autocast else self._precision
        seen = observe(module, call, self.inputs, self._placed, asked=asked)
        weights = runtime.weights(module)
        precision = seen.precision or (self._precision if self._options.autocast else weights)
        precision = precision or precision_of([*self.inputs, *self.outputs])
        facts = {"precision": precision}
        if precision == "float32" and (lowered := runtime.lowered(self._device)):
            facts["precision"] = next(iter(lowered))
            facts["lowered"] = ", ".join(f"{name} ({', '.join(kinds)})" for name, kinds in lowered.items())
        if seen.mixture:
            facts["precision_mixture"] = seen.mixture
        if weights not in {"", precision}:
            facts["weights"] = weights
        if self._options.autocast:
            facts["autocast"] = "yes"
        return facts

    @property
    def effective(self) -> Mapping[str, str]:
        """The settings that are in effect, as torch reports them; graph breaks are known once something was compiled."""
        facts = {
            "device": str(self._device),
            "threads": str(torch.get_num_threads()),
            "interop_threads": str(torch.get_num_interop_threads()),
            **self._facts,
            **facts_of(self._options, self._device),
        }
        if self._attentions:
            facts["attention"] = f"fused ({self._attentions})"
        if self.compilations():
            facts["graph_breaks"] = str(compiling.counts()[1] - self._counts[1])
        return facts

    def compilations(self) -> int:
        """Return how many programs were compiled since the session was made; 0 for an eager one."""
        return compiling.counts()[0] - self._counts[0] if self._options.compile else 0

    def prepare(self, point: OperatingPoint) -> None:
        """Compile for the shapes of a point, by a run on zeros; an eager session needs nothing."""
        if not self._options.compile:
            return
        batch = zeros_at(self.inputs, point)
        if batch is None:
            return
        self.run(self.stage(batch))
        self.synchronize()
        compiling.end_helpers()

    def stage(self, batch: Sequence[NDArray[Any]], into: Slot | None = None) -> Slot:
        """Return the batch on the device, in the dtype that the model takes.

        On the CPU the arrays' own memory is used, unless dtype or layout change.
        """
        tensors = [tensor_from_numpy(array) for array in batch]
        if self._on_device or self._options.channels_last or self._cast_to is not None:
            old = into.inputs if into is not None else (None,) * len(tensors)
            tensors = [self._placed(tensor, slot) for tensor, slot in zip(tensors, old, strict=True)]
        if self._options.dynamic:
            self._free_axes(tensors)
        slot = Slot() if into is None else into
        if slot.graph is not None and all(map(operator.is_, tensors, slot.inputs)):
            return slot
        slot.inputs = tensors
        slot.outputs = slot.graph = None
        # Not in `run`, which is timed.
        slot.arguments, slot.keywords = self._bound(tensors)
        if self._options.cudagraphs:
            with self._inference, self._autocast:
                run = partial(self._run, *slot.arguments, **slot.keywords)
                slot.graph, slot.outputs = recording.record(run, self._device)
        return slot

    def _bound(self, tensors: Sequence[torch.Tensor]) -> tuple[Sequence[Any], Mapping[str, Any]]:
        return (tensors, {}) if self._binding is None else self._binding.arguments(tensors)

    def _placed(self, tensor: torch.Tensor, slot: torch.Tensor | None = None) -> torch.Tensor:
        dtype = self._cast_to if self._cast_to is not None and tensor.is_floating_point() else tensor.dtype
        if slot is None or slot.shape != tensor.shape or slot.dtype != dtype:
            layout = self._format if tensor.dim() == 4 else torch.contiguous_format
            slot = torch.empty(tensor.shape, dtype=dtype, device=self._device, memory_format=layout)
        return slot.copy_(tensor)

    def _free_axes(self, tensors: Sequence[torch.Tensor]) -> None:
        """Tell the compiler which axes are free; otherwise it would take every size for free, or none."""
        from torch._dynamo import maybe_mark_dynamic

        for spec, tensor in zip(self.inputs, tensors, strict=True):
            maybe_mark_dynamic(tensor, [axis for axis, size in enumerate(spec.shape) if isinstance(size, str)])

    def run(self, staged: Slot) -> None:
        """Run the module in inference mode; on CUDA it returns when the work is enqueued."""
        if self._inside:
            self._call(staged)
            return
        with self._inference, self._autocast:
            self._call(staged)

    def _call(self, staged: Slot) -> None:
        if staged.graph is not None:
            staged.graph.replay()
        else:
            staged.outputs = self._run(*staged.arguments, **staged.keywords)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Return a context of inference mode and autocast; entering it takes microseconds."""
        self._inside = True
        try:
            with torch.inference_mode(), self._autocast:
                yield
        finally:
            self._inside = False

    def synchronize(self) -> None:
        """Wait for the CUDA device; on the CPU nothing is pending."""
        if self._on_device:
            torch.cuda.synchronize(self._device)

    def fetch(self, staged: Slot) -> list[NDArray[Any]]:
        """Return the outputs as separate arrays, of the dtypes that the model declares."""
        tensors = leaves(staged.outputs)
        if self._on_device:
            tensors = [tensor.cpu() for tensor in tensors]
        if self._precision is not None:
            declared = [from_name(spec.dtype) for spec in self.outputs]
            tensors = [tensor.to(dtype) for tensor, dtype in zip(tensors, declared, strict=True)]
        if self._on_device:
            return [np.ascontiguousarray(numpy_from_tensor(tensor)) for tensor in tensors]
        # On the CPU an output may share memory with an input, with a weight, or with the next run's output.
        return [np.array(numpy_from_tensor(tensor), order="C") for tensor in tensors]

    def release(self, staged: Slot) -> None:
        """Drop the slot's tensors."""
        staged.inputs = staged.arguments = ()
        staged.keywords = {}
        staged.outputs = staged.graph = None

    def peak_memory(self) -> MemoryReading | None:
        """Return the CUDA allocator's peak; None on the CPU, where torch does not count."""
        return self._memory.peak() if self._memory is not None else None

    def reset_peak_memory(self) -> None:
        """Start a new peak, and count retried allocations from here."""
        if self._memory is not None:
            self._memory.reset()

    def close(self) -> None:
        """Free the module, compiled programs, and the memory that the device's allocator keeps."""
        if self._closed:
            return
        self._closed = True
        self._run = _refuse
        if self._options.compile:
            torch.compiler.reset()
        if self._on_device:
            torch.cuda.empty_cache()


def _refuse(*_: torch.Tensor) -> None:
    raise RuntimeError("this session was closed")
