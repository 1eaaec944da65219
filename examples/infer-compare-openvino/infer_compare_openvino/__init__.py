"""The backend `openvino` for infer-compare: OpenVINO's CPU plugin.

Importing this package loads neither OpenVINO nor numpy; `session` does, when a model is loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import msgspec

from infer_compare import hookimpl
from infer_compare.backends import (
    Backend,
    Capabilities,
    Classification,
    Device,
    DeviceUnavailable,
    ModelError,
    ModelSource,
    Options,
    UnsupportedModel,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare_openvino.session import OpenVinoSession

__all__ = ["OpenVinoBackend", "OpenVinoOptions"]


class OpenVinoOptions(Options, frozen=True, kw_only=True):
    """Options of OpenVINO."""

    performance_hint: Annotated[
        Literal["latency", "throughput"],
        msgspec.Meta(description="What OpenVINO arranges its threads for; throughput splits them among streams."),
    ] = "latency"
    streams: Annotated[
        int,
        msgspec.Meta(ge=0, description="Parts of the thread budget, each for one request at a time; 0 lets it choose."),
    ] = 0
    shape: Annotated[
        Literal["dynamic", "static"],
        msgspec.Meta(description="One program for all batch sizes, as in the file, or one compiled for each size."),
    ] = "dynamic"


class OpenVinoBackend(Backend[Any]):
    """OpenVINO on the CPU. It reads ONNX files with its own reader."""

    name: ClassVar[str] = "openvino"
    api_version: ClassVar[int] = 2
    aliases: ClassVar[tuple[str, ...]] = ("ov",)
    requires: ClassVar[tuple[str, ...]] = ("openvino",)
    install_hint: ClassVar[str] = "pip install infer-compare-openvino"
    # The intermediate representation (.xml) is left out: infer-compare reads the shapes of a model file itself, and
    # knows none of that kind.
    capabilities: ClassVar[Capabilities] = Capabilities(
        formats=("openvino", "onnx"),
        suffixes={"openvino": (".xml+.bin",)},
        precisions=("float32", "bfloat16", "float16"),
    )
    options: ClassVar[type[Options]] = OpenVinoOptions

    def version(self) -> str:
        """Return the release, such as `2026.4.1`."""
        import openvino

        return str(openvino.__version__).partition("-")[0]

    def devices(self) -> Sequence[Device]:
        """Return the processor."""
        import openvino

        return [Device("cpu", description=str(openvino.Core().get_property("CPU", "FULL_DEVICE_NAME")))]

    def load(self, model: ModelSource) -> Any:  # noqa: ANN401 - an openvino.Model
        """Read the file into OpenVINO's own graph.

        Raises:
            UnsupportedModel: the format is neither OpenVINO's own nor ONNX, or OpenVINO lacks an operator.
            ModelError: the file is missing, or not a valid model.
        """
        from infer_compare_openvino.session import read

        if model.format not in self.capabilities.formats:
            raise UnsupportedModel(
                f"OpenVINO reads .xml and ONNX files, but {model.name} has the format {model.format!r}."
            )
        if not model.path.is_file():
            raise ModelError(f"There is no model file {model.path}.")
        return read(model.path, model.inputs)

    def to_device(self, loaded: Any, device: Device) -> OpenVinoSession:  # noqa: ANN401 - as above
        """Compile the model for the processor.

        Raises:
            DeviceUnavailable: another device was asked for.
            UnsupportedModel: OpenVINO computes in another precision here than was asked for, or lacks an operator.
        """
        from infer_compare_openvino.session import OpenVinoSession

        if device.kind != "cpu":
            raise DeviceUnavailable(f"The openvino backend runs on cpu, not on {device}.")
        return OpenVinoSession(loaded, self.settings)

    def classify(self, error: BaseException) -> Classification:
        """See `infer_compare_openvino.failures`."""
        from infer_compare_openvino.failures import classify

        return classify(error)


@hookimpl
def infer_compare_backends() -> Sequence[type[OpenVinoBackend]]:
    """Register the backend."""
    return [OpenVinoBackend]
