"""Small ONNX models for the tests of reading and resolving."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import onnx

Value = tuple[str, int, "Sequence[int | str | None] | None"]


def make_model(
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[Value] = (("x", TensorProto.FLOAT, ("batch", 4)),),
    outputs: Sequence[Value] = (("y", TensorProto.FLOAT, ("batch", 4)),),
    constants: dict[str, Any] | None = None,
    opset: int = 20,
) -> onnx.ModelProto:
    """A model of the given nodes, by default over `x: [batch, 4]` to `y: [batch, 4]`."""
    graph = helper.make_graph(
        list(nodes),
        "small",
        [helper.make_tensor_value_info(*one) for one in inputs],
        [helper.make_tensor_value_info(*one) for one in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in (constants or {}).items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)


@pytest.fixture
def model() -> Callable[..., onnx.ModelProto]:
    """See `make_model`."""
    return make_model


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes what `make_model` makes to `net.onnx`, or a model that is given."""

    def write_(*args: Any, made: onnx.ModelProto | None = None, **kwargs: Any) -> Path:
        path = tmp_path / "net.onnx"
        path.write_bytes((made or make_model(*args, **kwargs)).SerializeToString())
        return path

    return write_
