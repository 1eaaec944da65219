"""The backend `torch`: PyTorch, eager or compiled, on the CPU or on CUDA devices.

This module imports no framework. `session` holds everything that does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import msgspec

from infer_compare import hookimpl
from infer_compare.backends import Backend, Capabilities, Converter, OptionError, Options
from infer_compare_torch.failures import classify

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from infer_compare.backends import (
        Classification,
        Device,
        ModelDescription,
        ModelSource,
        Session,
        Settings,
        TensorSpec,
    )
    from infer_compare_torch.session import LoadedModel

ONNX_OPSET = 20
"""Of the files that are exported."""


class TorchOptions(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be chosen about how PyTorch runs a model."""

    compile: Annotated[
        bool,
        msgspec.Meta(description="run the model through torch.compile: one static program per batch size"),
    ] = False
    dynamic: Annotated[
        bool,
        msgspec.Meta(description="with compile: one dynamic program for every batch size instead"),
    ] = False
    channels_last: Annotated[
        bool,
        msgspec.Meta(description="keep images and convolution weights in the channels-last memory format"),
    ] = False
    loader_workers: Annotated[
        int,
        msgspec.Meta(
            ge=0, description="with the scope dataset: how many processes load batches; 0 loads in the worker"
        ),
    ] = 0
    pin_memory: Annotated[
        bool,
        msgspec.Meta(description="with the scope dataset: load batches into pinned memory, of use with CUDA only"),
    ] = False


class TorchBackend(Backend["LoadedModel"]):
    """PyTorch. Runs modules and exported programs, and ONNX models as modules that the importer builds."""

    name: ClassVar[str] = "torch"
    aliases: ClassVar[tuple[str, ...]] = ("pytorch",)
    requires: ClassVar[tuple[str, ...]] = ("torch",)
    install_hint: ClassVar[str] = "pip install 'infer-compare[torch]'"
    variables: ClassVar[tuple[str, ...]] = ("TORCH_", "PYTORCH_")
    capabilities: ClassVar[Capabilities] = Capabilities(
        formats=("nn.Module", "pt2"),
        describes=("callable", "pt2"),
        imports=("onnx",),
        device_kinds=("cpu", "cuda"),
        precisions=("float32",),
        peak_memory=True,
        asynchronous=("cuda",),
    )
    options: ClassVar[type[Options]] = TorchOptions

    def __init__(self, settings: Settings) -> None:
        """Keeps the settings.

        Raises:
            OptionError: `dynamic` without `compile`.
        """
        super().__init__(settings)
        chosen = settings.options
        self._options = chosen if isinstance(chosen, TorchOptions) else TorchOptions()
        if self._options.dynamic and not self._options.compile:
            raise OptionError(
                "torch:dynamic=true has no effect without compile=true; add compile=true, or leave dynamic out."
            )

    def version(self) -> str:
        """Return the version of torch, and apply the thread budget.

        Raises:
            BackendUnusable: torch does not take the thread budget.
        """
        from infer_compare_torch import runtime

        return runtime.start(self.settings)

    def devices(self) -> Sequence[Device]:
        """Return the CPU, and every CUDA device with its name and memory."""
        from infer_compare_torch import runtime

        return runtime.devices()

    def describe(self, model: ModelSource, folder: Path) -> ModelDescription:
        """Return what a `.pt2` file or a function of the user's holds; the weights of what a function makes are saved.

        Raises:
            UnsupportedModel: another format, or a function that makes something else than a torch model.
            ModelError: the model cannot be made or read, or its inputs are not known.
            UntrustedModel: the file may execute code when loaded, and is not trusted.
        """
        from infer_compare_torch import loading, runtime

        runtime.start(self.settings)
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
        from infer_compare_torch import loading, runtime

        runtime.start(self.settings)
        return loading.load(model, self.settings.seed)

    def to_device(self, loaded: LoadedModel, device: Device) -> Session[Any]:
        """Return the module on a device.

        Raises:
            DeviceUnavailable: torch cannot use that device on this machine.
            BackendUnusable: `compile` needs a compiler, and there is none.
        """
        from infer_compare_torch import runtime, session

        runtime.limit_memory(runtime.resolve(device), self.settings.device_memory)
        return session.TorchSession(loaded, device, self._options)

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
