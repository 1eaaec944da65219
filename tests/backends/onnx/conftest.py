"""Models of a few nodes, and a way to make a session of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from infer_compare.backends import Device, ModelSource, Settings
from infer_compare_onnx import OnnxBackend, OnnxOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from infer_compare_onnx.session import OnnxSession


@pytest.fixture
def backend() -> OnnxBackend:
    """The backend with one thread and its default options."""
    return OnnxBackend(Settings(options=OnnxOptions(), threads=1))


@pytest.fixture
def write_model(tmp_path: Path) -> Callable[..., ModelSource]:
    """Writes a graph of the given nodes over `x: [batch, 4]` to `y`, and names it as a source."""

    def write(
        nodes: Sequence[onnx.NodeProto],
        *,
        constants: dict[str, Any] | None = None,
        dtype: int = TensorProto.FLOAT,
        output: tuple[int, Any] | None = None,
        batch: str | None = "batch",
        opset: int = 18,
        domains: Sequence[str] = (),
    ) -> ModelSource:
        out_dtype, out_shape = output or (dtype, [batch, 4])
        graph = helper.make_graph(
            list(nodes),
            "small",
            [helper.make_tensor_value_info("x", dtype, [batch, 4])],
            [helper.make_tensor_value_info("y", out_dtype, out_shape)],
            [numpy_helper.from_array(np.asarray(value), name) for name, value in (constants or {}).items()],
        )
        opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in domains)]
        path = tmp_path / "small.onnx"
        path.write_bytes(helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString())
        return ModelSource(format="onnx", location=str(path), name="small")

    return write


@pytest.fixture
def double(write_model: Callable[..., ModelSource]) -> ModelSource:
    """`y = x + x`."""
    return write_model([helper.make_node("Add", ["x", "x"], ["y"], name="sum")])


@pytest.fixture
def open_session(backend: OnnxBackend) -> Callable[[ModelSource], OnnxSession]:
    """Loads a source and puts it on the processor."""

    def open_(source: ModelSource) -> OnnxSession:
        return backend.to_device(backend.load(source), Device("cpu"))

    return open_
