"""Whole models imported into torch, against ONNX Runtime: those built in, and one that torch itself exported."""

from __future__ import annotations

import shutil
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from infer_compare.backends import Device, ModelSource, OperatingPoint, Settings
from infer_compare.models.agreement import compare, tolerance
from infer_compare.models.builtin import builtin_models
from infer_compare.models.input_rows import write_pool
from infer_compare.models.inputs import resolve_inputs
from infer_compare.models.onnx_graph import read_specs
from infer_compare.models.specs import name_batch
from infer_compare_torch import TorchBackend, TorchOptions

torch = pytest.importorskip("torch")
onnxruntime = pytest.importorskip("onnxruntime")

from torch import nn  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import onnx
    from numpy.typing import NDArray

    from infer_compare.backends import Session

    Arrays = list[NDArray[Any]]

LARGE = {"bert_small", "resnet50"}
NAMES = [pytest.param(name, marks=pytest.mark.slow) if name in LARGE else name for name in builtin_models()]
IMAGES = ("cnn", "resnet18", "mobilenet_v2")

needs_a_compiler = pytest.mark.skipif(
    shutil.which("g++") is None and shutil.which("c++") is None,
    reason="torch.compile makes C++, and there is no C++ compiler on this machine",
)


@cache
def built(name: str) -> onnx.ModelProto:
    """A built-in model of seed 0, made once."""
    return builtin_models()[name].build(0)


def inputs_for(model: onnx.ModelProto, batch: int, folder: Path) -> Arrays:
    """Inputs as a sweep makes them."""
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    plans = resolve_inputs(name_batch(*read_specs(model))[0], [], metadata)
    return [np.load(path) for path in write_pool(plans, batch, 3, folder)]


def by_onnx_runtime(model: onnx.ModelProto, inputs: Sequence[NDArray[Any]]) -> Arrays:
    """Outputs on one thread of the processor."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    return list(session.run(None, dict(zip(names, inputs, strict=True))))


def session_of(model: onnx.ModelProto, folder: Path, **options: bool) -> Session[Any]:
    """The model in torch, on one thread of the processor."""
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    backend = TorchBackend(Settings(options=TorchOptions(**options), threads=1))
    loaded = backend.load(ModelSource(format="onnx", location=str(path), name="model", provenance="imported"))
    return backend.to_device(loaded, Device("cpu"))


def assert_agreement(model: onnx.ModelProto, session: Session[Any], folder: Path) -> None:
    """A batch of three and a batch of its first row agree with ONNX Runtime, and not because nothing varies."""
    rows = inputs_for(model, 3, folder)
    expected = by_onnx_runtime(model, rows)
    names = [spec.name for spec in session.outputs]
    for batch in (3, 1):
        slot = session.stage([one[:batch] for one in rows])
        session.run(slot)
        session.synchronize()
        verdict = compare(
            [one[:batch] for one in expected],
            session.fetch(slot),
            names,
            rtol=tolerance("float32"),
            others=expected,
        )
        assert verdict.verdict == "agrees", verdict.reason


@pytest.mark.parametrize("name", NAMES)
def test_a_built_in_model_agrees_with_onnx_runtime(name: str, tmp_path: Path) -> None:
    """Each of them, at a batch of one and of three in one session."""
    model = built(name)
    with session_of(model, tmp_path) as session:
        assert_agreement(model, session, tmp_path)


@pytest.mark.parametrize("name", IMAGES)
def test_channels_last_agrees_with_onnx_runtime(name: str, tmp_path: Path) -> None:
    """Another layout in memory is the same function."""
    model = built(name)
    with session_of(model, tmp_path, channels_last=True) as session:
        assert session.effective["memory_format"] == "channels_last"
        assert_agreement(model, session, tmp_path)


@pytest.mark.slow
@needs_a_compiler
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("options", [{}, {"dynamic": True}, {"channels_last": True}], ids="-".join)
@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_a_compiled_model_agrees_with_onnx_runtime(name: str, options: dict[str, bool], tmp_path: Path) -> None:
    """The import leaves nothing behind that the compiler cannot take: one program per batch size, without a break."""
    model = built(name)
    with session_of(model, tmp_path, compile=True, **options) as session:
        for count, batch in enumerate((3, 1), 1):
            session.prepare(OperatingPoint(batch))
            assert session.compilations() == count
        assert_agreement(model, session, tmp_path)
        assert session.compilations() == 2
        assert session.effective["graph_breaks"] == "0"


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("name", NAMES)
def test_the_compiler_takes_a_built_in_model_whole(name: str, tmp_path: Path) -> None:
    """Nothing of an imported module is left to Python; torch itself leaves its recurrent layers there, and that is told."""
    model = built(name)
    with session_of(model, tmp_path, compile=True) as session:
        session.prepare(OperatingPoint(2))
        assert session.effective["graph_breaks"] == ("2" if name == "lstm" else "0")
        if name != "lstm":
            assert session.compilations() == 1


class InvertedResidual(nn.Module):
    """A block that widens, convolves each channel, weighs the channels, and narrows."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        """Makes the layers; with equal widths and stride 1 the input is added."""
        super().__init__()
        wide = 3 * inputs
        self.widen = nn.Sequential(nn.Conv2d(inputs, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.Hardswish())
        self.depth = nn.Sequential(
            nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False), nn.BatchNorm2d(wide), nn.ReLU6()
        )
        self.weigh = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(wide, wide, 1), nn.Hardsigmoid())
        self.narrow = nn.Sequential(nn.Conv2d(wide, outputs, 1, bias=False), nn.BatchNorm2d(outputs))
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Any) -> Any:
        """The block's images."""
        wide = self.depth(self.widen(x))
        narrow = self.narrow(wide * self.weigh(wide))
        return x + narrow if self.adds else narrow


def small_mobile_net() -> nn.Module:
    """A net in the manner of MobileNetV3, whose normalisations hold statistics that are not the trivial ones."""
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.Hardswish()),
        InvertedResidual(8, 8, 1),
        InvertedResidual(8, 16, 2),
        InvertedResidual(16, 16, 1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(16, 10),
    )
    net.train()
    with torch.no_grad():
        for _ in range(3):
            net(torch.randn(8, 3, 32, 32))
    return net.eval()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_a_net_that_torch_exported_comes_back_as_it_was(tmp_path: Path) -> None:
    """Exported with a free batch and imported again it gives what the net itself gives, and ONNX Runtime."""
    pytest.importorskip("onnxscript")
    net = small_mobile_net()
    program = torch.onnx.export(
        net,
        (torch.randn(2, 3, 32, 32),),
        dynamo=True,
        dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
        verbose=False,
    )
    assert program is not None
    model = program.model_proto
    with session_of(model, tmp_path) as session:
        assert session.inputs[0].shape == ("batch", 3, 32, 32)
        assert_agreement(model, session, tmp_path)
        rows = np.random.default_rng(5).standard_normal((5, 3, 32, 32), np.float32)
        slot = session.stage([rows])
        session.run(slot)
        with torch.inference_mode():
            expected = net(torch.from_numpy(rows)).numpy()
        np.testing.assert_allclose(session.fetch(slot)[0], expected, rtol=1e-4, atol=1e-5)
