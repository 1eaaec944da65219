"""The backend `torch`: PyTorch, eager or compiled, on the CPU or on CUDA devices.

This module imports no framework. `session` holds everything that does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from infer_compare import hookimpl
from infer_compare.backends import Backend, Capabilities, Converter, Options
from infer_compare_torch.failures import classify
from infer_compare_torch.options import TorchOptions, check, check_device

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from infer_compare.backends import (
        Classification,
        Device,
        Machine,
        ModelDescription,
        ModelSource,
        Session,
        Settings,
        TensorSpec,
    )
    from infer_compare_torch.loaded import LoadedModel

ONNX_OPSET = 20
"""The ONNX opset of exported files."""

BFLOAT16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""CPU flags of processors that multiply in bfloat16, on x86 and on Arm; others emulate it."""


class TorchBackend(Backend["LoadedModel"]):
    """PyTorch. Runs modules and exported programs, and ONNX models as modules that the importer builds."""

    name: ClassVar[str] = "torch"
    aliases: ClassVar[tuple[str, ...]] = ("pytorch",)
    requires: ClassVar[tuple[str, ...]] = ("torch",)
    install_hint: ClassVar[str] = "pip install 'infer-compare[torch]'"
    # Since CUDA 13 most have no generation in their names.
    rests_on: ClassVar[tuple[str, ...]] = (
        "triton", "nvidia-cudnn-cu12", "nvidia-cudnn-cu13", "nvidia-cublas-cu12", "nvidia-cublas", "nvidia-cuda-runtime-cu12",
        "nvidia-cuda-runtime",
    )  # fmt: skip
    variables: ClassVar[tuple[str, ...]] = ("TORCH_", "PYTORCH_")
    capabilities: ClassVar[Capabilities] = Capabilities(
        formats=("nn.Module", "pt2"),
        describes=("callable", "pt2"),
        imports=("onnx",),
        suffixes={"pt2": (".pt2",)},
        device_kinds=("cpu", "cuda"),
        precisions=("float32", "bfloat16", "float16"),
        peak_memory=True,
        asynchronous=("cuda",),
    )
    options: ClassVar[type[Options]] = TorchOptions

    def __init__(self, settings: Settings) -> None:
        """Keep the settings.

        Raises:
            OptionError: an option has no effect without another one, or beside it.
        """
        super().__init__(settings)
        chosen = settings.options
        self._options = chosen if isinstance(chosen, TorchOptions) else TorchOptions()
        check(self._options, settings.precision)

    @classmethod
    def candidates(cls, machine: Machine) -> Sequence[Mapping[str, str]]:
        """Return bfloat16 where the processor computes in it, channels last, and compilation, which takes longest to try."""
        if machine.device_kinds != ("cpu",):
            return [{"precision": "bfloat16"}, {"precision": "float16"}, {"cudagraphs": "true"}, {"compile": "true"}]
        lower = [{"precision": "bfloat16"}] if machine.cpu_flags & BFLOAT16_FLAGS else []
        return [*lower, {"channels_last": "true"}, {"compile": "true"}]

    @classmethod
    def snippet(cls, model: ModelSource, settings: Settings, device: Device) -> str | None:
        """Return the code that runs a model without infer-compare; see `snippet`."""
        from infer_compare_torch.snippet import snippet

        return snippet(model, settings, device)

    def version(self) -> str:
        """Return the version of torch, and apply the thread budget.

        Raises:
            BackendUnusable: torch does not take the thread budget.
        """
        return self._start()

    def devices(self) -> Sequence[Device]:
        """Return the CPU, and every CUDA device with its name and memory."""
        from infer_compare_torch import runtime

        return runtime.devices()

    def describe(self, model: ModelSource, folder: Path) -> ModelDescription:
        """Describe a `.pt2` file, or what a user's function makes; the weights of the latter are saved.

        Raises:
            UnsupportedModel: another format, or a function that makes something else than a torch model.
            ModelError: the model cannot be made or read, or its inputs are not known.
            UntrustedModel: the file may execute code when loaded, and is not trusted.
        """
        from infer_compare_torch import loading

        self._start()
        return loading.describe(model, folder, self.settings.seed)

    @classmethod
    def save(cls, model: object, inputs: Sequence[TensorSpec], folder: Path) -> ModelSource | None:
        """Return a module or an exported program as a `.pt2` file with a free batch axis.

        Raises:
            UnsupportedModel: torch cannot export the module.
            ModelError: its inputs were not said, or do not fit; or its batch size cannot be free.
        """
        from infer_compare_torch import saving

        return saving.save(model, inputs, folder)

    def load(self, model: ModelSource) -> LoadedModel:
        """Return a module, an exported program or an ONNX file as a module in host memory.

        Raises:
            UnsupportedModel: another format, or an operator without an import.
            ModelError: the model cannot be made or read.
            UntrustedModel: the file may execute code when loaded, and is not trusted.
        """
        from infer_compare_torch import loading

        self._start()
        return loading.load(model, self.settings.seed)

    def to_device(self, loaded: LoadedModel, device: Device) -> Session[Any]:
        """Return the module on a device.

        Raises:
            DeviceUnavailable: torch cannot use that device on this machine, or not with these options.
            BackendUnusable: `compile` needs a compiler, and there is none.
            UnsupportedModel: the module does not run in the precision that is asked for.
        """
        from infer_compare_torch import runtime, session

        resolved = runtime.resolve(device)
        check_device(self._options, device)
        runtime.limit_memory(resolved, self.settings.device_memory)
        runtime.set_tf32(allowed=self._options.tf32)
        return session.TorchSession(loaded, device, self._options, self.settings.precision)

    def _start(self) -> str:
        from infer_compare_torch import runtime

        if self._options.flush_denormal:
            runtime.flush_denormals()
        return runtime.start(self.settings)

    def classify(self, error: BaseException) -> Classification:
        """Return what an exception of torch means; see `failures`."""
        return classify(error)

    def batches(self, dataset: Sequence[NDArray[Any]], size: int) -> Iterator[Sequence[NDArray[Any]]]:
        """Return the batches of one pass over a data set, by torch's `DataLoader`."""
        from infer_compare_torch import batches

        return batches.batches(dataset, size, self._options)


@hookimpl
def infer_compare_backends() -> list[type[Backend[Any]]]:
    """Register the backend."""
    return [TorchBackend]


def _to_onnx(model: ModelSource, target: Path) -> None:
    from infer_compare_torch import export

    export.to_onnx(model, target)


@hookimpl
def infer_compare_converters() -> list[Converter]:
    """Register the export of modules and programs to ONNX."""
    return [
        Converter(
            source=source,
            target="onnx",
            convert=_to_onnx,
            backend="torch",
            requires=("torch", "onnxscript"),
            install_hint="pip install 'infer-compare[torch]'",
            options={"opset": str(ONNX_OPSET)},
        )
        for source in ("nn.Module", "pt2")
    ]


__all__ = ["TorchBackend", "TorchOptions", "infer_compare_backends", "infer_compare_converters"]
