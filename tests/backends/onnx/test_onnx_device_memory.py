"""What ONNX Runtime is told of the memory that its arena may take of a GPU."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import onnxruntime
import pytest

from infer_compare.interfaces import Device, Settings
from infer_compare_onnx import OnnxOptions, creation
from infer_compare_onnx.creation import make_session


@pytest.mark.parametrize(("limit", "told"), [(None, None), (3 * 2**30, str(3 * 2**30))])
def test_the_limit_goes_to_the_cuda_provider(monkeypatch, limit, told) -> None:
    """As an option of its arena; none is given where none was asked for."""
    seen = {}

    def session(_path, _options, *, providers, enable_fallback):
        seen.update(dict(providers), fallback=enable_fallback)
        return SimpleNamespace(get_providers=lambda: ["CUDAExecutionProvider"])

    monkeypatch.setattr(creation, "cuda_problem", lambda: None)
    monkeypatch.setattr(creation, "cuda_devices", lambda: (Device("cuda", 0), Device("cuda", 1)))
    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    make_session(Path("model.onnx"), Device("cuda", 1), Settings(options=OnnxOptions(), threads=1, device_memory=limit))

    assert seen["CUDAExecutionProvider"].get("gpu_mem_limit") == told
    assert seen["CUDAExecutionProvider"]["device_id"] == "1"
    assert not seen["fallback"]
