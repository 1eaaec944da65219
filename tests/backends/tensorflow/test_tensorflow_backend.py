"""The class that the plugin registers: light, honest about what it takes, strict about devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from infer_compare.backends import Device, DeviceUnavailable, ModelError, ModelSource, Settings, UnsupportedModel
from infer_compare.errors import BackendUnusable
from infer_compare_tensorflow import TensorFlowBackend, TensorFlowOptions, infer_compare_backends

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_importing_the_plugin_loads_neither_tensorflow_nor_numpy(in_a_fresh_process: Callable[[str], str]) -> None:
    """The command line lists backends without loading a framework."""
    printed = in_a_fresh_process(
        "import sys, infer_compare_tensorflow, infer_compare_tensorflow.failures\n"
        "print([name for name in ('tensorflow', 'keras', 'numpy', 'onnx') if name in sys.modules])"
    )
    assert printed == "[]"


@pytest.mark.slow
def test_a_worker_starts_without_keras_and_whoever_asks_for_it_gets_it(
    in_a_fresh_process: Callable[[str], str],
) -> None:
    """Also in the code of a user, by each of the names that TensorFlow has for it."""
    pytest.importorskip("tensorflow")
    printed = in_a_fresh_process(
        "import os, sys\n"
        "from infer_compare.backends import Settings\n"
        "from infer_compare_tensorflow import TensorFlowBackend, TensorFlowOptions\n"
        "TensorFlowBackend(Settings(options=TensorFlowOptions(), threads=1)).version()\n"
        "before = 'keras' in sys.modules\n"
        "import tensorflow as tf\n"
        "made = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(2)])\n"
        "from tensorflow.keras import layers\n"
        "import keras\n"
        "print(before, isinstance(made, keras.Model), layers is keras.layers or layers.Dense is keras.layers.Dense,\n"
        "      'TF_USE_LEGACY_KERAS' in os.environ, None in tf.__path__)"
    )
    assert printed == "False True True False False"


def test_the_hook_registers_the_backend_under_its_names() -> None:
    """People may type tensorflow or tf."""
    (cls,) = infer_compare_backends()
    assert (cls.name, *cls.aliases) == ("tensorflow", "tf")
    assert cls.requires == ("tensorflow",)


@pytest.mark.parametrize("given", ["callable", "pt2"])
def test_what_is_not_declared_is_not_loaded(backend: TensorFlowBackend, given: str, tmp_path: Path) -> None:
    """The declaration decides the route of a model, and curves from ONNX are called imported."""
    declared = backend.capabilities
    assert (declared.formats, declared.imports) == (("keras", "savedmodel"), ("onnx",))
    assert declared.describes == ("callable", "keras", "savedmodel")
    with pytest.raises(UnsupportedModel, match=f"of format '{given}'"):
        backend.load(ModelSource(format=given, location="net", name="net"))
    if given not in declared.describes:
        with pytest.raises(UnsupportedModel, match=f"of the format {given}"):
            backend.describe(ModelSource(format=given, location="net", name="net"), tmp_path)


def test_the_version_is_the_frameworks_own(backend: TensorFlowBackend) -> None:
    """The version is read from the module that runs."""
    version = backend.version()
    import tensorflow as tf

    assert version == tf.__version__


def test_the_processor_is_always_among_the_devices(backend: TensorFlowBackend) -> None:
    """CUDA devices come after it, if TensorFlow sees them."""
    devices = backend.devices()
    assert devices[0] == Device("cpu")
    assert {device.kind for device in devices[1:]} <= {"cuda"}


def test_a_device_that_is_not_there_is_unavailable_with_the_reason(
    backend: TensorFlowBackend, double: ModelSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TensorFlow itself would place the work on the processor in silence."""
    backend.version()
    from infer_compare_tensorflow import runtime

    loaded = backend.load(double)
    monkeypatch.setattr(runtime, "devices", lambda: [Device("cpu")])
    with pytest.raises(DeviceUnavailable, match=r"cannot use the device cuda:0: it sees the CPU and no GPU"):
        backend.to_device(loaded, Device("cuda"))
    monkeypatch.setattr(runtime, "devices", lambda: [Device("cpu"), Device("cuda", 0), Device("cuda", 1)])
    with pytest.raises(DeviceUnavailable, match=r"device cuda:2: it sees the CPU and 2 GPUs, cuda:0 to cuda:1"):
        backend.to_device(loaded, Device("cuda", 2))


def test_a_kind_of_device_that_it_does_not_know_is_unavailable(backend: TensorFlowBackend, double: ModelSource) -> None:
    """It is refused, never answered by the processor."""
    with pytest.raises(DeviceUnavailable, match="device mps:0"):
        backend.to_device(backend.load(double), Device("mps"))


def test_a_missing_or_cut_file_is_told_with_its_path(backend: TensorFlowBackend, tmp_path: Path) -> None:
    """Both are errors of the model."""
    missing = tmp_path / "missing.onnx"
    with pytest.raises(ModelError, match=r"missing\.onnx"):
        backend.load(ModelSource(format="onnx", location=str(missing), name="missing"))
    cut = tmp_path / "cut.onnx"
    cut.write_bytes(b"this is not a model" * 20)
    with pytest.raises(ModelError, match=r"cut\.onnx"):
        backend.load(ModelSource(format="onnx", location=str(cut), name="cut"))


def test_an_option_that_does_not_fit_is_refused() -> None:
    """Options are typed, and unknown ones are errors."""
    assert msgspec.convert({"jit_compile": True}, TensorFlowOptions).jit_compile
    with pytest.raises(msgspec.ValidationError, match="jit_compile"):
        msgspec.convert({"jit_compile": "yes"}, TensorFlowOptions)
    for prefetch in ("on", "0", "-1", ""):
        with pytest.raises(msgspec.ValidationError, match="prefetch"):
            msgspec.convert({"prefetch": prefetch}, TensorFlowOptions)
    with pytest.raises(msgspec.ValidationError, match="call"):
        msgspec.convert({"call": "raw"}, TensorFlowOptions)
    with pytest.raises(msgspec.ValidationError, match="xla"):
        msgspec.convert({"xla": True}, TensorFlowOptions)


def test_another_thread_budget_in_a_running_process_is_refused(backend: TensorFlowBackend) -> None:
    """TensorFlow fixes its threads when its runtime starts, and would go on with the old ones."""
    backend.version()
    import tensorflow as tf

    tf.constant(1.0)
    other = TensorFlowBackend(Settings(options=TensorFlowOptions(), threads=backend.settings.threads + 1))
    with pytest.raises(BackendUnusable, match=r"already runs with 1 threads in this process, and 2 were asked for"):
        other.version()


def test_a_fresh_process_takes_the_thread_budget_and_reads_it_back(in_a_fresh_process: Callable[[str], str]) -> None:
    """The budget is the operators' own; they run one after another, on the processor that was asked for."""
    pytest.importorskip("tensorflow")
    printed = in_a_fresh_process(
        "from infer_compare.backends import Settings\n"
        "from infer_compare_tensorflow import TensorFlowBackend, TensorFlowOptions\n"
        "TensorFlowBackend(Settings(options=TensorFlowOptions(), threads=3)).version()\n"
        "import tensorflow as tf\n"
        "tf.constant(1.0) + 1\n"
        "threading = tf.config.threading\n"
        "print(threading.get_intra_op_parallelism_threads(), threading.get_inter_op_parallelism_threads(),\n"
        "      tf.config.get_soft_device_placement())"
    )
    assert printed == "3 1 False"


def test_every_gpu_is_asked_to_grow_its_memory_once(
    backend: TensorFlowBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TensorFlow would otherwise take the whole device when it starts; a second start changes nothing."""
    backend.version()
    import tensorflow as tf

    grown: dict[str, bool] = {"gpu0": False, "gpu1": False}
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda _kind: list(grown))
    monkeypatch.setattr(tf.config.experimental, "get_memory_growth", grown.__getitem__)
    changes: list[str] = []

    def grow(gpu: str, value: bool) -> None:
        changes.append(gpu)
        grown[gpu] = value

    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", grow)
    backend.version()
    backend.version()
    assert changes == ["gpu0", "gpu1"]
    assert all(grown.values())
