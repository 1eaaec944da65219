"""Backends in a file that read files of their own: rows are multiplied by factors, which stand in a text file.

`Scaled` reads `net.scl`, a JSON list of factors, and needs nothing but `suffixes` and `load` for that. `Shifted` reads
`net.sft` with `net.add` beside it. `Other` takes the ending of `Scaled` for another format. `Imported` rebuilds ONNX. The
file also converts `net.scl` to ONNX.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from infer_compare import hookimpl
from infer_compare.backends import (
    Backend,
    Capabilities,
    Classification,
    Converter,
    Device,
    DeviceUnavailable,
    ModelError,
    ModelSource,
    Session,
    TensorSpec,
    classify_common,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from infer_compare.backends import Array, Batch


class Slot:
    """One staged batch, and its outputs."""

    def __init__(self, batch: Array) -> None:
        """Keeps the batch."""
        self.batch = batch
        self.outputs = batch


class ScaledSession(Session[Slot]):
    """Rows times factors, plus offsets."""

    def __init__(self, factors: Array, offsets: Array, batch: int | str) -> None:
        """Keeps them."""
        self._factors = factors
        self._offsets = offsets
        self.inputs = [TensorSpec("x", "float32", (batch, len(factors)))]
        self.outputs = [TensorSpec("y", "float32", (batch, len(factors)))]

    @property
    def effective(self) -> Mapping[str, str]:
        """One thread."""
        return {"precision": "float32", "threads": "1"}

    def stage(self, batch: Batch, into: Slot | None = None) -> Slot:
        """Nothing is copied."""
        (x,) = batch
        if into is None:
            return Slot(x)
        into.batch = x
        return into

    def run(self, staged: Slot) -> None:
        """Multiplies, and adds."""
        staged.outputs = staged.batch * self._factors + self._offsets

    def synchronize(self) -> None:
        """Nothing is ever under way."""

    def fetch(self, staged: Slot) -> Sequence[Array]:
        """A copy."""
        return [staged.outputs.copy()]


class Scaled(Backend[Any]):
    """Reads `net.scl`: factors, or an object with `factors` and the one batch size of the model."""

    name: ClassVar[str] = "scaled"
    capabilities: ClassVar[Capabilities] = Capabilities(formats=("scl",), suffixes={"scl": (".scl",)})

    def version(self) -> str:
        """That of numpy."""
        return str(np.__version__)

    def devices(self) -> Sequence[Device]:
        """The processor."""
        return [Device("cpu")]

    def load(self, model: ModelSource) -> ScaledSession:
        """Read the factors."""
        try:
            stated = json.loads(model.path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ModelError(f"{model.location} is not JSON ({error}).") from error
        if isinstance(stated, list):
            stated = {"factors": stated}
        factors = np.asarray(stated["factors"], np.float32)
        return ScaledSession(factors, self.offsets(model, factors), stated.get("batch", "rows"))

    def offsets(self, model: ModelSource, factors: Array) -> Array:
        """None."""
        return np.zeros_like(factors)

    def to_device(self, loaded: ScaledSession, device: Device) -> ScaledSession:
        """Refuse every other device."""
        if device.kind != "cpu":
            raise DeviceUnavailable(f"numpy runs on the processor, not on {device}.")
        return loaded

    def classify(self, error: BaseException) -> Classification:
        """What Python says."""
        return classify_common(error)


class Shifted(Scaled):
    """Reads `net.sft` with `net.add` beside it."""

    name: ClassVar[str] = "shifted"
    capabilities: ClassVar[Capabilities] = Capabilities(formats=("sft",), suffixes={"sft": (".sft+.add",)})

    def offsets(self, model: ModelSource, factors: Array) -> Array:
        """From the file beside it."""
        return np.asarray(json.loads(model.path.with_suffix(".add").read_text(encoding="utf-8")), factors.dtype)


class Other(Scaled):
    """Calls the files of `Scaled` by another format."""

    name: ClassVar[str] = "other"
    capabilities: ClassVar[Capabilities] = Capabilities(formats=("other",), suffixes={"other": (".scl",)})


class Imported(Scaled):
    """Rebuilds ONNX graphs of one multiplication."""

    name: ClassVar[str] = "rebuilt"
    capabilities: ClassVar[Capabilities] = Capabilities(imports=("onnx",))

    def load(self, model: ModelSource) -> ScaledSession:
        """Read the factors from the graph."""
        import onnx
        from onnx import numpy_helper

        (factors,) = onnx.load(model.path).graph.initializer
        array = numpy_helper.to_array(factors)
        return ScaledSession(array, np.zeros_like(array), "rows")


def to_onnx(model: ModelSource, target: Path) -> None:
    """Write the factors as a graph of one multiplication."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    factors = np.asarray(json.loads(model.path.read_text(encoding="utf-8")), np.float32)
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", len(factors)]) for name in "xy")
    nodes = [helper.make_node("Mul", ["x", "factors"], ["y"])]
    graph = helper.make_graph(nodes, "scl", [x], [y], [numpy_helper.from_array(factors, "factors")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), target)


@hookimpl
def infer_compare_converters() -> Sequence[Converter]:
    """The way from these files to ONNX."""
    return [Converter(source="scl", target="onnx", convert=to_onnx, requires=("onnx",))]
