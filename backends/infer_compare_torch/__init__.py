"""The backend `torch`: PyTorch, eager or compiled, on the CPU or on CUDA devices.

This module imports no framework. `session` holds everything that does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import msgspec

from infer_compare import Backend, Capabilities, OptionError, Options, hookimpl
from infer_compare_torch.failures import classify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare import Classification, Device, ModelSource, Session, Settings
    from infer_compare_torch.session import LoadedModel


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


class TorchBackend(Backend["LoadedModel"]):
    """PyTorch. Runs ONNX models as modules that the importer builds from torch's own operators."""

    name: ClassVar[str] = "torch"
    aliases: ClassVar[tuple[str, ...]] = ("pytorch",)
    requires: ClassVar[tuple[str, ...]] = ("torch",)
    install_hint: ClassVar[str] = "pip install 'infer-compare[torch]'"
    capabilities: ClassVar[Capabilities] = Capabilities(
        formats=(),
        imports=("onnx",),
        device_kinds=("cpu", "cuda"),
        precisions=("float32",),
        device_resident_io=True,
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
            raise OptionError("torch:dynamic=true says how to compile; add compile=true, or leave dynamic out.")

    def version(self) -> str:
        """The version of torch; applies the thread budget.

        Raises:
            BackendUnusable: torch does not take the thread budget.
        """
        from infer_compare_torch import runtime

        return runtime.start(self.settings)

    def devices(self) -> Sequence[Device]:
        """The CPU, and every CUDA device with its name and memory."""
        from infer_compare_torch import runtime

        return runtime.devices()

    def load(self, model: ModelSource) -> LoadedModel:
        """An ONNX file as a module in host memory.

        Raises:
            UnsupportedModel: another format, or an operator without an import.
            ModelError: the file cannot be read.
        """
        from infer_compare_torch import runtime, session

        runtime.start(self.settings)
        return session.load(model)

    def to_device(self, loaded: LoadedModel, device: Device) -> Session[Any]:
        """The module on a device.

        Raises:
            DeviceUnavailable: torch cannot use that device on this machine.
            BackendUnusable: `compile` needs a compiler, and there is none.
        """
        from infer_compare_torch import runtime, session

        runtime.limit_memory(runtime.resolve(device), self.settings.device_memory)
        return session.TorchSession(loaded, device, self._options)

    def classify(self, error: BaseException) -> Classification:
        """What an exception of torch means; see `failures`."""
        return classify(error)


@hookimpl
def infer_compare_backends() -> list[type[Backend[Any]]]:
    """Registers the backend."""
    return [TorchBackend]


__all__ = ["TorchBackend", "TorchOptions", "infer_compare_backends"]
