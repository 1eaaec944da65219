"""A backend without a package: a perceptron in numpy, compared with the frameworks.

    infer-compare run mlp --backends onnx,torch -b examples/my_backend.py:MyBackend --batch-sizes 1,8
    infer-compare run mlp -b examples/my_backend.py:MyBackend -b examples/my_backend.py:MyBackend:buffers=new,label=new
    infer-compare plugin check examples/my_backend.py:MyBackend

It takes ONNX files of linear layers with a ReLU between them, such as the built-in `mlp`, and refuses all others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

import msgspec

from infer_compare.backends import (
    Backend,
    Capabilities,
    Classification,
    Device,
    DeviceUnavailable,
    ModelError,
    ModelSource,
    Options,
    Session,
    TensorSpec,
    UnsupportedModel,
    classify_common,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infer_compare.backends import Array, Batch


class MyOptions(Options, frozen=True, kw_only=True):
    """Options for `-b my_backend.py:MyBackend:KEY=VALUE`."""

    buffers: Annotated[
        Literal["kept", "new"],
        msgspec.Meta(description="Whether a slot keeps the memory of its activations, or each run takes new memory."),
    ] = "kept"


class Layer(NamedTuple):
    """`y = x @ weight + bias`, followed by a ReLU if `relu` is set."""

    weight: Array
    bias: Array
    relu: bool


class Perceptron(NamedTuple):
    """A model in host memory."""

    layers: tuple[Layer, ...]
    input: TensorSpec
    output: TensorSpec


@dataclass(slots=True, eq=False)
class Slot:
    """One staged batch, and the activations behind each layer."""

    batch: Array
    buffers: list[Array] = field(default_factory=list)


class MySession(Session[Slot]):
    """The layers, one after the other."""

    def __init__(self, model: Perceptron, buffers: str) -> None:
        """Keep the model."""
        self._layers = model.layers
        self._buffers = buffers
        self.inputs = [model.input]
        self.outputs = [model.output]

    @property
    def effective(self) -> Mapping[str, str]:
        """Shown in the report; `precision` decides the tolerance for the outputs."""
        return {"precision": "float32", "threads": "as numpy decides", "buffers": self._buffers}

    def stage(self, batch: Batch, into: Slot | None = None) -> Slot:
        """Put a batch into a slot; nothing is copied."""
        import numpy as np

        (x,) = batch
        if into is not None:
            into.batch = x
            return into
        return Slot(x, [np.empty((len(x), len(layer.bias)), np.float32) for layer in self._layers])

    def run(self, staged: Slot) -> None:
        """Leave the outputs in the slot."""
        import numpy as np

        x = staged.batch
        for index, layer in enumerate(self._layers):
            out = staged.buffers[index] if self._buffers == "kept" else None
            x = np.matmul(x, layer.weight, out=out)
            x += layer.bias
            if layer.relu:
                np.maximum(x, 0, out=x)
        staged.buffers[-1] = x

    def synchronize(self) -> None:
        """Return at once: `run` is synchronous."""

    def fetch(self, staged: Slot) -> Sequence[Array]:
        """Return a copy of the output, which owns its memory."""
        return [staged.buffers[-1].copy()]


class MyBackend(Backend[Perceptron]):
    """A backend given by its file; see `infer-compare-openvino` for an installed one."""

    name: ClassVar[str] = "mine"
    requires: ClassVar[tuple[str, ...]] = ("numpy", "onnx")
    install_hint: ClassVar[str] = "pip install numpy onnx"
    capabilities: ClassVar[Capabilities] = Capabilities(imports=("onnx",))
    options: ClassVar[type[Options]] = MyOptions

    def version(self) -> str:
        """Return the version; this is the first call that may import the framework."""
        import numpy as np

        return str(np.__version__)

    def devices(self) -> Sequence[Device]:
        """Return what this machine has and the framework can use."""
        return [Device("cpu")]

    def load(self, model: ModelSource) -> Perceptron:
        """Read the file into layers; what is not known is refused with the operator's name."""
        import onnx
        from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

        if model.format != "onnx":
            raise UnsupportedModel(f"Only ONNX files are read, but {model.name} has the format {model.format!r}.")
        try:
            graph = onnx.load(model.path).graph
        except (OSError, DecodeError) as error:
            raise ModelError(f"{model.path} cannot be read: {error}") from error
        if not graph.node or not graph.input:
            raise ModelError(f"{model.path} is not an ONNX file, or it is empty.")
        layers = _layers(graph)
        if not layers:
            raise UnsupportedModel(f"{model.path} has no linear layer.")
        ends = [
            TensorSpec(value.name, "float32", ("batch", size))
            for value, size in ((graph.input[0], layers[0].weight.shape[0]), (graph.output[0], len(layers[-1].bias)))
        ]
        return Perceptron(tuple(layers), *ends)

    def to_device(self, loaded: Perceptron, device: Device) -> MySession:
        """Refuse every other device."""
        if device.kind != "cpu":
            raise DeviceUnavailable(f"numpy runs on the processor, not on {device}.")
        options = self.settings.options
        return MySession(loaded, options.buffers if isinstance(options, MyOptions) else "kept")

    def classify(self, error: BaseException) -> Classification:
        """Recognize the out-of-memory errors of Python, numpy and the C++ runtime."""
        return classify_common(error)


def _layers(graph: Any) -> list[Layer]:  # noqa: ANN401 - onnx has no type hints
    """Return a chain of nodes, each of which takes the output of the previous one, as layers."""
    from onnx import helper, numpy_helper

    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    layers: list[Layer] = []
    value = graph.input[0].name
    for node in graph.node:
        attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        known = node.input[0] == value and set(node.input[1:]) <= set(tensors)
        plain = attributes.get("alpha", 1) == 1 and attributes.get("beta", 1) == 1 and not attributes.get("transA")
        if known and node.op_type == "Gemm" and len(node.input) == 3 and plain:
            weight, bias = tensors[node.input[1]], tensors[node.input[2]]
            layers.append(Layer(weight.T if attributes.get("transB") else weight, bias, relu=False))
        elif known and node.op_type == "Relu" and layers:
            layers[-1] = layers[-1]._replace(relu=True)
        elif not (known and node.op_type == "Identity"):
            raise UnsupportedModel(f"This backend has no {node.op_type} at that place (node {node.name!r}).")
        value = node.output[0]
    return layers
