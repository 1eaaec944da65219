"""Small ONNX models, and sessions of them with one thread.

TensorFlow takes its thread budget once per process, so every test of this process runs with one thread; tests of
other budgets start a process of their own.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from onnx import parser

from infer_compare.backends import Device, ModelSource, Settings
from infer_compare_tensorflow import TensorFlowBackend, TensorFlowOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from infer_compare_tensorflow.session import TensorFlowSession

THREADS = 1


@pytest.fixture
def backend() -> TensorFlowBackend:
    """The backend with one thread and its default options; skips where there is no TensorFlow."""
    pytest.importorskip("tensorflow")
    return TensorFlowBackend(Settings(options=TensorFlowOptions(), threads=THREADS))


@pytest.fixture
def write_model(tmp_path: Path) -> Callable[..., ModelSource]:
    """Writes a graph in ONNX's textual syntax to a file, and names it as a source."""

    def write(graph: str, *, opset: int = 18) -> ModelSource:
        model = parser.parse_model(f'<ir_version: 8, opset_import: ["" : {opset}]>\ng {graph}')
        path = tmp_path / "small.onnx"
        path.write_bytes(model.SerializeToString())
        return ModelSource(format="onnx", location=str(path), name="small")

    return write


@pytest.fixture
def double(write_model: Callable[..., ModelSource]) -> ModelSource:
    """`y = x + x`."""
    return write_model("(float[batch,4] x) => (float[batch,4] y) { y = Add(x, x) }")


@pytest.fixture
def open_session(backend: TensorFlowBackend) -> Callable[..., TensorFlowSession]:
    """Loads a source and puts it on the processor."""

    def open_(source: ModelSource, **options: Any) -> TensorFlowSession:
        chosen = TensorFlowBackend(Settings(options=TensorFlowOptions(**options), threads=backend.settings.threads))
        return chosen.to_device(chosen.load(source), Device("cpu"))

    return open_


@pytest.fixture
def in_a_fresh_process() -> Callable[[str], str]:
    """Runs Python code in a process of its own and returns what it printed."""

    def run(code: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120, cwd="/"
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout.strip()

    return run
