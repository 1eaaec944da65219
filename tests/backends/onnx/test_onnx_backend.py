"""The class that the plugin registers: light, and strict about devices and files."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

from infer_compare.backends import Device, DeviceUnavailable, ModelError, ModelSource, Settings, UnsupportedModel
from infer_compare_onnx import OnnxBackend, OnnxOptions, infer_compare_backends


def test_importing_the_plugin_loads_neither_onnx_runtime_nor_numpy():
    """The command line lists backends without loading a framework."""
    code = (
        "import sys, infer_compare_onnx, infer_compare_onnx.failures\n"
        "print([name for name in ('onnxruntime', 'numpy', 'onnx') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_hook_registers_the_backend_under_its_names():
    """People may type onnx, onnxruntime or ort."""
    (cls,) = infer_compare_backends()
    assert (cls.name, *cls.aliases) == ("onnx", "onnxruntime", "ort")
    assert cls.capabilities.formats == ("onnx",)


def test_the_version_is_the_frameworks_own(backend: OnnxBackend):
    """The version is read from the module that runs."""
    import onnxruntime

    assert backend.version() == onnxruntime.__version__


def test_the_processor_is_always_among_the_devices(backend: OnnxBackend):
    """CUDA devices come after it, if ONNX Runtime can use them."""
    devices = backend.devices()
    assert devices[0].kind == "cpu"
    assert {device.kind for device in devices[1:]} <= {"cuda"}


def test_an_option_that_does_not_fit_is_refused():
    """Options are typed."""
    with pytest.raises(msgspec.ValidationError, match="graph_optimization"):
        msgspec.convert({"graph_optimization": "most"}, OnnxOptions)
    with pytest.raises(msgspec.ValidationError, match="optimisation"):
        msgspec.convert({"optimisation": "all"}, OnnxOptions)


def test_another_format_is_not_read(backend: OnnxBackend):
    """ONNX Runtime's own format is ONNX."""
    with pytest.raises(UnsupportedModel, match="'pt2'"):
        backend.load(ModelSource(format="pt2", location="net.pt2", name="net"))


def test_a_missing_or_empty_file_is_told_before_a_session_is_made(backend: OnnxBackend, tmp_path):
    """Both are errors of the model, named with the path."""
    missing = tmp_path / "missing.onnx"
    with pytest.raises(ModelError, match=r"There is no model file .*missing\.onnx"):
        backend.load(ModelSource(format="onnx", location=str(missing), name="missing"))
    empty = tmp_path / "empty.onnx"
    empty.touch()
    with pytest.raises(ModelError, match="is empty"):
        backend.load(ModelSource(format="onnx", location=str(empty), name="empty"))


def test_a_kind_of_device_that_it_does_not_know_is_unavailable(backend: OnnxBackend, double: ModelSource):
    """It is refused, never answered by the processor."""
    with pytest.raises(DeviceUnavailable, match="not on mps:0"):
        backend.to_device(backend.load(double), Device("mps"))


def test_cuda_without_a_device_is_unavailable_with_the_reason(
    backend: OnnxBackend, double: ModelSource, monkeypatch: pytest.MonkeyPatch
):
    """ONNX Runtime itself would fall back to the processor in silence."""
    from infer_compare_onnx import devices

    monkeypatch.setattr(devices, "cuda_devices", tuple)
    devices.cuda_problem.cache_clear()
    with pytest.raises(DeviceUnavailable, match=r"cannot use cuda:0: .+\.$"):
        backend.to_device(backend.load(double), Device("cuda"))
    devices.cuda_problem.cache_clear()


def test_a_silent_fallback_to_the_processor_is_unavailable(
    backend: OnnxBackend, double: ModelSource, monkeypatch: pytest.MonkeyPatch
):
    """Even where everything looks well beforehand, the providers of the session decide."""
    import onnxruntime

    from infer_compare_onnx import creation

    real = onnxruntime.InferenceSession

    def on_the_processor(path, options, *, providers, enable_fallback):
        return real(path, options, providers=["CPUExecutionProvider"], enable_fallback=enable_fallback)

    monkeypatch.setattr(creation, "cuda_problem", lambda: None)
    monkeypatch.setattr(creation, "cuda_devices", lambda: (Device("cuda", 0),))
    monkeypatch.setattr(onnxruntime, "InferenceSession", on_the_processor)
    with pytest.raises(DeviceUnavailable, match="used CPUExecutionProvider instead of CUDAExecutionProvider"):
        backend.to_device(backend.load(double), Device("cuda"))


def test_a_device_index_beyond_the_last_is_unavailable(
    backend: OnnxBackend, double: ModelSource, monkeypatch: pytest.MonkeyPatch
):
    """The sentence names the last device."""
    from infer_compare_onnx import creation

    monkeypatch.setattr(creation, "cuda_problem", lambda: None)
    monkeypatch.setattr(creation, "cuda_devices", lambda: (Device("cuda", 0), Device("cuda", 1)))
    with pytest.raises(DeviceUnavailable, match=r"no cuda:2; the last device is cuda:1"):
        backend.to_device(backend.load(double), Device("cuda", 2))


def test_two_distributions_over_each_other_are_told(monkeypatch: pytest.MonkeyPatch):
    """Files of onnxruntime and onnxruntime-gpu overwrite each other."""
    from importlib import metadata

    from infer_compare_onnx.devices import distributions

    monkeypatch.setattr(metadata, "packages_distributions", lambda: {"onnxruntime": ["onnxruntime-gpu", "onnxruntime"]})
    monkeypatch.setattr(metadata, "version", lambda name: {"onnxruntime": "1.30.0", "onnxruntime-gpu": "1.31.1"}[name])
    assert distributions().startswith("onnxruntime 1.30.0, onnxruntime-gpu 1.31.1 (installed over each other")


@pytest.mark.gpu
def test_a_cuda_session_keeps_inputs_and_outputs_on_the_device(double: ModelSource):
    """What comes back is right, and a reused slot keeps its addresses."""
    import numpy as np

    from infer_compare_onnx.devices import cuda_problem

    if (problem := cuda_problem()) is not None:
        pytest.skip(problem)
    backend = OnnxBackend(Settings(options=OnnxOptions(), threads=1))
    with backend.to_device(backend.load(double), Device("cuda")) as session:
        first = np.arange(8, dtype=np.float32).reshape(2, 4)
        slot = session.stage([first])
        address = slot.values[0].data_ptr()
        session.run(slot)
        session.synchronize()
        assert np.array_equal(session.fetch(slot)[0], first * 2)
        assert session.stage([first + 1], into=slot) is slot
        assert slot.values[0].data_ptr() == address
        session.run(slot)
        session.synchronize()
        assert np.array_equal(session.fetch(slot)[0], (first + 1) * 2)
        assert session.effective["provider"].startswith("CUDAExecutionProvider")
        assert "CUDAExecutionProvider" in session.effective["nodes"]
        assert session.effective["cudnn_conv_algo_search"] != "unknown"
