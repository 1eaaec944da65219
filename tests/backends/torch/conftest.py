"""Small models in ONNX's textual syntax, and a way to make a session of one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

import pytest
from onnx import parser

from infer_compare.backends import Device, ModelSource, Settings
from infer_compare_torch import TorchBackend, TorchOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from infer_compare_torch.session import TorchSession


@pytest.fixture
def backend() -> TorchBackend:
    """The backend with one thread and its default options."""
    return TorchBackend(Settings(options=TorchOptions(), threads=1))


@pytest.fixture
def write_model(tmp_path: Path) -> Callable[..., ModelSource]:
    """Writes a graph such as `(float[N,4] x) => (float[N,4] y) { y = Relu(x) }`, and names it as a source."""

    def write(text: str, opset: int = 18) -> ModelSource:
        model = parser.parse_model(f'<ir_version: 9, opset_import: ["" : {opset}]>\nsmall {text}')
        path = tmp_path / "small.onnx"
        path.write_bytes(model.SerializeToString())
        return ModelSource(format="onnx", location=str(path), name="small", provenance="imported")

    return write


@pytest.fixture
def double(write_model: Callable[..., ModelSource]) -> ModelSource:
    """`y = x + x`."""
    return write_model("(float[N,4] x) => (float[N,4] y) { y = Add(x, x) }")


@pytest.fixture
def open_session() -> Callable[..., TorchSession]:
    """Loads a source and puts it on the processor, with options by name."""

    def open_(source: ModelSource, **options: bool) -> TorchSession:
        backend = TorchBackend(Settings(options=TorchOptions(**options), threads=1))
        return cast("TorchSession", backend.to_device(backend.load(source), Device("cpu")))

    return open_


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Compilation that traces and guards as always, and then leaves out the generation of code."""
    torch = pytest.importorskip("torch")
    import torch._dynamo.config as dynamo

    from infer_compare_torch import runtime

    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    monkeypatch.setattr(runtime, "need_compiler", lambda: None)
    with dynamo.patch(recompile_limit=8, accumulated_recompile_limit=256, fail_on_recompile_limit_hit=False):
        yield
    torch.compiler.reset()
