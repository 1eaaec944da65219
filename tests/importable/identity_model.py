"""The smallest model: its output is its input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
from onnx import TensorProto, helper

from infer_compare.interfaces import ModelSource

if TYPE_CHECKING:
    from pathlib import Path


def identity(folder: Path) -> ModelSource:
    """Write the model into a folder: an input `x` and an output `y` of shape [batch, 3], float32."""
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 3]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "identity", values[:1], values[1:])
    path = folder / "identity.onnx"
    onnx.save(helper.make_model(graph), path)
    return ModelSource(format="onnx", location=str(path), name="identity")
