"""The backend `reference`: the evaluator of the `onnx` package, in numpy; slow but correct.

Importing this package imports neither `onnx` nor numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from infer_compare import hookimpl
from infer_compare.backends import (
    Backend,
    Capabilities,
    Classification,
    Device,
    DeviceUnavailable,
    ModelSource,
    UnsupportedModel,
    classify_common,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare_reference.session import Loaded, ReferenceSession

__all__ = ["ReferenceBackend"]


class ReferenceBackend(Backend["Loaded"]):
    """`onnx.reference.ReferenceEvaluator` on the CPU."""

    name: ClassVar[str] = "reference"
    requires: ClassVar[tuple[str, ...]] = ("onnx",)
    install_hint: ClassVar[str] = "pip install infer-compare"
    capabilities: ClassVar[Capabilities] = Capabilities(formats=("onnx",))

    def version(self) -> str:
        """Return the version of the `onnx` package."""
        import onnx

        return str(onnx.__version__)

    def devices(self) -> Sequence[Device]:
        """Return the CPU."""
        return [Device("cpu", description="numpy")]

    def load(self, model: ModelSource) -> Loaded:
        """Read the model and find an implementation for each node.

        Raises:
            UnsupportedModel: the format is not ONNX, or a node has no reference implementation.
            ModelError: the file cannot be read.
        """
        from infer_compare_reference.session import Loaded

        if model.format != "onnx":
            raise UnsupportedModel(f"The reference backend reads ONNX files, and {model.name} comes as {model.format}.")
        return Loaded.read(model.path)

    def to_device(self, loaded: Loaded, device: Device) -> ReferenceSession:
        """Return a session; the model is already in host memory.

        Raises:
            DeviceUnavailable: the device is not the CPU.
        """
        from infer_compare_reference.session import ReferenceSession

        if device.kind != "cpu":
            raise DeviceUnavailable(f"The reference backend runs on the processor alone, not on {device}.")
        return ReferenceSession(loaded, self.settings.threads)

    def classify(self, error: BaseException) -> Classification:
        """Classify an exception; only the host's memory can run out."""
        return classify_common(error)


@hookimpl
def infer_compare_backends() -> Sequence[type[ReferenceBackend]]:
    """Register the backend."""
    return [ReferenceBackend]
