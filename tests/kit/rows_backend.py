"""A backend that takes no ONNX: its models are arrays, by which it multiplies; loaded by its file."""

from __future__ import annotations

from typing import Any, ClassVar

from infer_compare.backends import (
    Backend,
    Capabilities,
    Device,
    DeviceUnavailable,
    ModelError,
    Session,
    TensorSpec,
    UnsupportedModel,
)
from infer_compare.interfaces.failures import classify_common


class RowsSession(Session[dict[str, Any]]):
    """`y = x @ w`."""

    def __init__(self, weight: Any) -> None:
        self._weight = weight
        self.inputs = [TensorSpec("x", "float32", ("batch", weight.shape[0]))]
        self.outputs = [TensorSpec("y", "float32", ("batch", weight.shape[1]))]

    @property
    def effective(self) -> dict[str, str]:
        return {"precision": "float32", "threads": "as numpy decides"}

    def stage(self, batch: Any, into: Any = None) -> Any:
        slot = {} if into is None else into
        slot["x"] = batch[0]
        return slot

    def run(self, staged: Any) -> None:
        staged["y"] = staged["x"] @ self._weight

    def synchronize(self) -> None:
        pass

    def fetch(self, staged: Any) -> Any:
        return [staged["y"].copy()]


class Rows(Backend[Any]):
    """Arrays in files of numpy's."""

    name: ClassVar[str] = "rows"
    capabilities: ClassVar[Capabilities] = Capabilities(formats=("npy",))

    def version(self) -> str:
        return "1"

    def devices(self) -> Any:
        return [Device("cpu")]

    def load(self, model: Any) -> Any:
        import numpy as np

        if model.format != "npy":
            raise UnsupportedModel(f"rows reads npy, and not {model.format}.")
        try:
            return np.load(model.path, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise ModelError(f"{model.path} cannot be read: {error}.") from error

    def to_device(self, loaded: Any, device: Device) -> RowsSession:
        if device.kind != "cpu":
            raise DeviceUnavailable(f"rows runs on the processor, and not on {device}.")
        return RowsSession(loaded)

    def classify(self, error: BaseException) -> Any:
        return classify_common(error)
