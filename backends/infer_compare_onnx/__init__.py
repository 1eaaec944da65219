"""The backend `onnx`: ONNX Runtime on the CPU or on a CUDA device.

Importing this package imports neither ONNX Runtime nor numpy; `session` and `devices` do, when a model is loaded.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from infer_compare import hookimpl
from infer_compare.backends import (
    Backend,
    Capabilities,
    Classification,
    Device,
    DeviceUnavailable,
    ModelError,
    ModelSource,
    OptionError,
    Options,
    UnsupportedModel,
)
from infer_compare_onnx.options import OnnxOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infer_compare.backends import Batch, Machine, Settings, VariantPlan
    from infer_compare_onnx.session import OnnxSession

__all__ = ["OnnxBackend", "OnnxOptions"]


class OnnxBackend(Backend[Path]):
    """ONNX Runtime.

    `load` returns only the path: ONNX Runtime reads, optimises and places a model in one step when a session is created, so
    `to_device` refuses a model that it cannot read or run.
    """

    name: ClassVar[str] = "onnx"
    aliases: ClassVar[tuple[str, ...]] = ("onnxruntime", "ort")
    requires: ClassVar[tuple[str, ...]] = ("onnxruntime",)
    install_hint: ClassVar[str] = "pip install 'infer-compare[onnx]'"
    # Since CUDA 13 most have no generation in their names.
    rests_on: ClassVar[tuple[str, ...]] = (
        "nvidia-cudnn-cu12", "nvidia-cudnn-cu13", "nvidia-cublas-cu12", "nvidia-cublas", "nvidia-cuda-runtime-cu12",
        "nvidia-cuda-runtime", "nvidia-cufft-cu12", "nvidia-cufft",
    )  # fmt: skip
    distributions: ClassVar[Mapping[str, tuple[str, ...]]] = {"onnxruntime": ("onnxruntime", "onnxruntime-gpu")}
    variables: ClassVar[tuple[str, ...]] = ("ORT_",)
    capabilities: ClassVar[Capabilities] = Capabilities(
        formats=("onnx",),
        device_kinds=("cpu", "cuda"),
        precisions=("float32", "float16", "int8"),
        asynchronous=("cuda",),
    )
    options: ClassVar[type[Options]] = OnnxOptions

    def __init__(self, settings: Settings) -> None:
        """Keep the settings.

        Raises:
            OptionError: an option about int8 was given, but the contender's precision is not int8.
        """
        super().__init__(settings)
        if (unused := self._options.unused(settings.precision)) is not None:
            raise OptionError(f"onnx: {unused} has an effect only with precision=int8; add that, or leave it out.")

    @classmethod
    def candidates(cls, machine: Machine) -> Sequence[Mapping[str, str]]:
        """Return int8 and the second-highest graph optimization on the CPU, and float16 on CUDA."""
        if machine.device_kinds != ("cpu",):
            return [{"precision": "float16"}]
        # The highest level computes convolutions in blocks of channels. Beside operators that cannot do so, such as instance
        # normalization, each is reordered twice: without it such networks were up to 1.7 times faster. Lower levels only fuse less.
        return [{"precision": "int8"}, {"graph_optimization": "extended"}]

    @classmethod
    def snippet(cls, model: ModelSource, settings: Settings, device: Device) -> str | None:
        """Return the code that runs a model without infer-compare; see `snippet`."""
        from infer_compare_onnx.snippet import snippet

        return snippet(model, settings, device)

    def version(self) -> str:
        """ONNX Runtime's version."""
        import onnxruntime

        return str(onnxruntime.__version__)

    def devices(self) -> Sequence[Device]:
        """Return the processor, and the CUDA devices when the CUDA provider and its libraries can be loaded."""
        from infer_compare_onnx.devices import cuda_devices, cuda_problem

        devices = [Device("cpu", description="CPUExecutionProvider")]
        if cuda_problem() is None:
            devices.extend(cuda_devices())
        return devices

    def load(self, model: ModelSource) -> Path:
        """Check that the model file exists.

        Raises:
            UnsupportedModel: the format is not ONNX.
            ModelError: the file is missing or empty.
        """
        if model.format != "onnx":
            raise UnsupportedModel(
                f"ONNX Runtime reads only ONNX files, but {model.name} has the format {model.format!r}."
            )
        if not model.path.is_file():
            raise ModelError(f"There is no model file {model.path}.")
        if model.path.stat().st_size == 0:
            raise ModelError(f"The model file {model.path} is empty.")
        return model.path

    def plan_variant(self, model: ModelSource, device: Device) -> VariantPlan | None:  # noqa: ARG002 - the same on all devices
        """Return the plan for a model in `float16` or `int8`; see `infer_compare_onnx.variants`."""
        from infer_compare_onnx.variants import plan

        if self.settings.precision is None:
            return None
        return plan(model, self.settings.precision, self._options)

    def write_variant(
        self,
        model: ModelSource,
        device: Device,  # noqa: ARG002 - as above
        calibration: Sequence[Batch],
        folder: Path,
    ) -> ModelSource:
        """Write that model."""
        from infer_compare_onnx.variants import write

        assert self.settings.precision is not None
        return write(model, self.settings.precision, self._options, calibration, folder)

    def to_device(self, loaded: Path, device: Device) -> OnnxSession:
        """Make a session on the device.

        Raises:
            DeviceUnavailable: there is no such device, or ONNX Runtime would run elsewhere.
            UnsupportedModel: an operator, type or opset that ONNX Runtime does not have.
            ModelError: the file is not a valid ONNX model.
        """
        from infer_compare_onnx.session import OnnxSession

        if device.kind not in self.capabilities.device_kinds:
            raise DeviceUnavailable(f"The onnx backend runs on cpu and cuda, not on {device}.")
        return OnnxSession(loaded, device, self.settings)

    @property
    def _options(self) -> OnnxOptions:
        assert isinstance(self.settings.options, OnnxOptions)
        return self.settings.options

    def classify(self, error: BaseException) -> Classification:
        """Return what an exception of ONNX Runtime means; see `infer_compare_onnx.failures`."""
        from infer_compare_onnx.failures import classify

        return classify(error)


@hookimpl
def infer_compare_backends() -> Sequence[type[OnnxBackend]]:
    """Register the backend."""
    return [OnnxBackend]
