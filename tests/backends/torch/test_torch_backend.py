"""The class that the plugin registers: light, honest about what it takes, and strict about devices and threads."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from infer_compare.backends import (
    Device,
    DeviceUnavailable,
    ModelError,
    ModelSource,
    OptionError,
    Settings,
    UnsupportedModel,
)
from infer_compare.errors import BackendUnusable
from infer_compare.plugins import describe_options
from infer_compare.plugins.options import read_options
from infer_compare_torch import TorchBackend, TorchOptions, infer_compare_backends

torch = pytest.importorskip("torch")

if TYPE_CHECKING:
    from pathlib import Path


def in_a_fresh_process(code: str) -> str:
    """What a program prints; torch can be given its threads only once in a process."""
    setting = (
        "from infer_compare.backends import Settings\nfrom infer_compare_torch import TorchBackend, TorchOptions\n"
    )
    done = subprocess.run([sys.executable, "-c", setting + code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_importing_the_plugin_loads_neither_torch_nor_numpy() -> None:
    """The command line lists backends and their options without loading a framework."""
    code = (
        "import sys, infer_compare_torch.failures\n"
        "TorchBackend(Settings(options=TorchOptions(), threads=1)).classify(MemoryError())\n"
        "print([name for name in ('torch', 'numpy', 'onnx') if name in sys.modules])"
    )
    assert in_a_fresh_process(code) == "[]"


def test_the_hook_registers_the_backend_under_its_names() -> None:
    """People may type torch or pytorch."""
    (cls,) = infer_compare_backends()
    assert (cls.name, *cls.aliases) == ("torch", "pytorch")
    assert cls.requires == ("torch",)
    assert "infer-compare[torch]" in cls.install_hint


def test_it_says_which_formats_are_its_own(backend: TorchBackend, tmp_path: Path) -> None:
    """An ONNX file is imported; a format of another framework is refused with what would do."""
    assert backend.capabilities.formats == ("nn.Module", "pt2")
    assert backend.capabilities.describes == ("callable", "pt2")
    assert backend.capabilities.imports == ("onnx",)
    for form in ("keras", "savedmodel"):
        source = ModelSource(format=form, location=str(tmp_path / "net"), name="net")
        with pytest.raises(UnsupportedModel, match=rf"not models of the format {form}; torch\.onnx\.export"):
            backend.load(source)
        with pytest.raises(UnsupportedModel, match=f"cannot describe a model of the format {form}"):
            backend.describe(source, tmp_path)


def test_the_version_is_the_frameworks_own(backend: TorchBackend) -> None:
    """The version is read from the module that runs."""
    assert backend.version() == str(torch.__version__)


def test_the_processor_is_always_among_the_devices(backend: TorchBackend) -> None:
    """CUDA devices come after it, each with its memory."""
    first, *others = backend.devices()
    assert first == Device("cpu")
    assert [device.kind for device in others] == ["cuda"] * torch.cuda.device_count()
    assert all(device.memory_bytes for device in others)


def test_cuda_devices_are_told_with_name_and_memory(backend: TorchBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """People choose a device by what it is."""

    class Properties:
        name = "NVIDIA H200"
        total_memory = 150_000_000_000

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: Properties)
    assert backend.devices()[2] == Device("cuda", 1, "NVIDIA H200", 150_000_000_000)


def test_a_kind_of_device_that_it_does_not_know_is_unavailable(backend: TorchBackend, double: ModelSource) -> None:
    """It is refused, never answered by the processor."""
    with pytest.raises(DeviceUnavailable, match="cpu and cuda, not on mps"):
        backend.to_device(backend.load(double), Device("mps"))


@pytest.mark.parametrize(
    ("cuda", "count", "sentence"),
    [
        (None, 0, r"is a build for the CPU; install a build with CUDA to use cuda:3\.$"),
        ("12.8", 0, r"finds no CUDA device, so cuda:3 cannot be used\.$"),
        ("12.8", 2, r"no device cuda:3: torch finds 2 CUDA device\(s\), counted from 0\.$"),
    ],
)
def test_a_cuda_device_that_is_not_there_is_unavailable_with_the_reason(
    backend: TorchBackend,
    double: ModelSource,
    monkeypatch: pytest.MonkeyPatch,
    cuda: str | None,
    count: int,
    sentence: str,
) -> None:
    """The sentence tells a build without CUDA from a machine without a device, and from one with too few."""
    monkeypatch.setattr(torch.version, "cuda", cuda)
    monkeypatch.setattr(torch.version, "hip", None)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    with pytest.raises(DeviceUnavailable, match=sentence):
        backend.to_device(backend.load(double), Device("cuda", 3))


def test_every_option_is_described_and_off_by_default() -> None:
    """What runs without options is torch as it comes."""
    options = {one.name: one for one in describe_options(TorchBackend)}
    ways = {"compile", "dynamic", "channels_last", "autocast", "cudagraphs", "tf32", "flush_denormal"}
    assert set(options) == ways | {"loader_workers", "pin_memory"}
    assert {one.default for one in options.values()} == {"false", "0"}
    assert all(one.text for one in options.values())


def test_an_option_that_is_not_there_is_refused_with_a_suggestion() -> None:
    """A typing error is no setting."""
    assert read_options(TorchBackend, {"compile": "true"}) == TorchOptions(compile=True)
    with pytest.raises(OptionError, match="Did you mean 'channels_last'"):
        read_options(TorchBackend, {"channel_last": "true"})
    with pytest.raises(OptionError, match="compile"):
        read_options(TorchBackend, {"compile": "fully"})


def test_compile_is_on_off_or_the_mode_that_tries_kernels() -> None:
    """What was typed before means what it meant."""
    assert read_options(TorchBackend, {"compile": "false"}) == TorchOptions()
    assert read_options(TorchBackend, {"compile": "max-autotune"}) == TorchOptions(compile="max-autotune")


@pytest.mark.parametrize(
    ("options", "precision", "sentence"),
    [
        ({"dynamic": True}, None, "dynamic=true has no effect without compile=true; add compile=true"),
        ({"autocast": True}, None, "autocast=true has no effect without a precision; write precision=bfloat16 or"),
        ({"autocast": True}, "float32", "no effect with precision=float32"),
        ({"tf32": True}, "bfloat16", "tf32=true has no effect with precision=bfloat16"),
    ],
)
def test_options_that_would_do_nothing_are_refused(
    options: dict[str, bool], precision: str | None, sentence: str
) -> None:
    """The label would say otherwise."""
    with pytest.raises(OptionError, match=sentence):
        TorchBackend(Settings(options=TorchOptions(**options), threads=1, precision=precision))


@pytest.mark.parametrize("name", ["cudagraphs", "tf32"])
def test_what_only_cuda_has_is_refused_by_name_on_the_cpu(double: ModelSource, name: str) -> None:
    """The contender would run as without it."""
    backend = TorchBackend(Settings(options=TorchOptions(**{name: True}), threads=1))
    with pytest.raises(
        DeviceUnavailable, match=f"{name}=true works on CUDA devices only, .* runs on cpu; leave {name}=true"
    ):
        backend.to_device(backend.load(double), Device("cpu"))


def test_a_missing_an_empty_and_a_broken_file_are_errors_of_the_model(backend: TorchBackend, tmp_path: Path) -> None:
    """Each is named with its path."""
    path = tmp_path / "net.onnx"
    source = ModelSource(format="onnx", location=str(path), name="net")
    with pytest.raises(ModelError, match=r"There is no model file .*net\.onnx"):
        backend.load(source)
    path.touch()
    with pytest.raises(ModelError, match="is empty"):
        backend.load(source)
    path.write_bytes(b"this is not a model" * 20)
    with pytest.raises(ModelError, match="not an ONNX file"):
        backend.load(source)


def test_the_thread_budget_is_applied_and_read_back() -> None:
    """All threads go to the one operator that runs."""
    code = (
        "TorchBackend(Settings(options=TorchOptions(), threads=3)).version()\n"
        "import torch\n"
        "print(torch.get_num_threads(), torch.get_num_interop_threads())"
    )
    assert in_a_fresh_process(code) == "3 1"


def test_a_process_in_which_torch_was_at_work_before_is_refused() -> None:
    """The number of threads across operators can be set only once, and a wrong one would not be told."""
    code = (
        "import torch\n"
        "torch.set_num_interop_threads(2)\n"
        "try:\n"
        "    TorchBackend(Settings(options=TorchOptions(), threads=1)).version()\n"
        "except Exception as error:\n"
        "    print(type(error).__name__, error)"
    )
    printed = in_a_fresh_process(code)
    assert printed.startswith("BackendUnusable torch already ran in this process")


def test_a_build_that_ignores_the_thread_budget_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A budget that is not kept would make two contenders incomparable."""
    monkeypatch.setattr(torch, "get_num_threads", lambda: 7)
    with pytest.raises(BackendUnusable, match="runs with 7 threads within and 1 across operators"):
        TorchBackend(Settings(options=TorchOptions(), threads=2)).version()


def test_the_seed_of_the_settings_is_torchs_own() -> None:
    """Operators that draw numbers draw the same ones in each worker."""

    def drawn(seed: int) -> Any:
        TorchBackend(Settings(options=TorchOptions(), threads=1, seed=seed)).version()
        return torch.rand(4).tolist()

    assert drawn(5) == drawn(5) != drawn(6)


@pytest.mark.gpu
def test_a_cuda_session_keeps_inputs_and_outputs_on_the_device(backend: TorchBackend, double: ModelSource) -> None:
    """What comes back is right, a reused slot keeps its addresses, and the peak of memory is told."""
    import numpy as np

    if not torch.cuda.is_available():
        pytest.skip("torch finds no CUDA device on this machine")
    first = np.arange(8, dtype=np.float32).reshape(2, 4)
    with backend.to_device(backend.load(double), Device("cuda")) as session:
        session.reset_peak_memory()
        slot = session.stage([first])
        assert slot.inputs[0].is_cuda
        address = slot.inputs[0].data_ptr()
        session.run(slot)
        session.synchronize()
        assert slot.outputs.is_cuda
        assert np.array_equal(session.fetch(slot)[0], first * 2)
        assert session.stage([first + 1], into=slot) is slot
        assert slot.inputs[0].data_ptr() == address
        session.run(slot)
        session.synchronize()
        assert np.array_equal(session.fetch(slot)[0], (first + 1) * 2)
        reading = session.peak_memory()
        assert reading is not None
        assert reading.allocated
        assert reading.reserved
        assert session.effective["device"] == "cuda:0"
