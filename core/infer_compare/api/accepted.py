"""Protocols for the live models that `sweep` accepts, so that type checkers need no framework."""

from __future__ import annotations

import os
from typing import Any, Protocol


class TorchModule(Protocol):
    """An `nn.Module`."""

    @property
    def forward(self) -> Any:  # noqa: ANN401 - of any signature
        """Compute the outputs."""

    def named_parameters(self, *arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - as torch has it
        """Return the parameters by name."""


class KerasModel(Protocol):
    """A `keras.Model`."""

    def call(self, *arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - of any signature
        """Compute the outputs."""

    def get_weights(self) -> Any:  # noqa: ANN401 - as keras has it
        """Return the weights."""


class TensorflowFunction(Protocol):
    """A `tf.function`."""

    def get_concrete_function(self, *arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - as tensorflow has it
        """Return the graph for one signature."""


class OnnxModel(Protocol):
    """An `onnx.ModelProto`."""

    def SerializeToString(self, *arguments: Any, **more: Any) -> bytes:  # noqa: ANN401, N802 - as protobuf has it
        """Return the file's content."""

    @property
    def graph(self) -> Any:  # noqa: ANN401 - as onnx has it
        """The graph."""


LiveModel = TorchModule | KerasModel | TensorflowFunction | OnnxModel
NamedModel = str | os.PathLike[str]
