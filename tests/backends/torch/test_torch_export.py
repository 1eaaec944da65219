"""The export to ONNX: the same function at every batch size, or a sentence about what stands in the way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import onnx
import pytest

from infer_compare.backends import Device, ModelError, ModelSource, TensorSpec, UnsupportedModel
from infer_compare_torch import infer_compare_converters
from infer_compare_torch.probing import examples

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")
runtime = pytest.importorskip("onnxruntime")

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.backends import ModelDescription
    from infer_compare_torch import TorchBackend

NETS = Path(__file__).with_name("native_nets.py")
ROWS = (TensorSpec("x", "float32", ("batch", 4)),)
CONVERTERS = {one.source: one for one in infer_compare_converters()}


@pytest.fixture
def describe(backend: TorchBackend, tmp_path: Path) -> Callable[..., ModelDescription]:
    """Describes a function of the file."""

    def describe_(name: str, inputs: tuple[TensorSpec, ...] = ()) -> ModelDescription:
        model = ModelSource(format="callable", location=f"{NETS}:{name}", name=name, inputs=inputs)
        return backend.describe(model, tmp_path / "made")

    return describe_


def test_both_formats_are_converted_by_the_exporter() -> None:
    """What it needs is named, and what changes its result."""
    assert set(CONVERTERS) == {"nn.Module", "pt2"}
    for one in CONVERTERS.values():
        assert (one.target, one.backend, one.requires) == ("onnx", "torch", ("torch", "onnxscript"))
        assert one.options == {"opset": "20"}
        assert "infer-compare[torch]" in one.install_hint


@pytest.mark.parametrize(
    "name", ["images", "sequences", pytest.param("encoder", marks=pytest.mark.slow), "everything", "program"]
)
def test_an_export_agrees_with_the_module_at_every_batch(
    describe, backend: TorchBackend, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Convolution and normalisation, LSTM, attention, nested inputs, and an exported program: names, order and numbers are kept."""
    told = describe(name)
    target = tmp_path / "net.onnx"
    CONVERTERS[told.source.format].convert(told.source, target)
    assert capsys.readouterr().out == ""
    model = onnx.load(target)
    assert model.opset_import[0].version == 20
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith("net")] == ["net.onnx"]
    session = runtime.InferenceSession(target, providers=["CPUExecutionProvider"])
    assert [(one.name, tuple(one.shape)) for one in session.get_inputs()] == [(s.name, s.shape) for s in told.inputs]
    assert [(one.name, tuple(one.shape)) for one in session.get_outputs()] == [(s.name, s.shape) for s in told.outputs]
    with backend.to_device(backend.load(told.source), Device("cpu")) as native:
        for batch in (1, 3, 16):
            rows = [tensor.numpy() for tensor in examples(told.inputs, told.fills, {"batch": batch})]
            slot = native.stage(rows)
            native.run(slot)
            given = dict(zip([spec.name for spec in told.inputs], rows, strict=True))
            for ours, theirs in zip(native.fetch(slot), session.run(None, given), strict=True):
                assert ours.shape == theirs.shape
                assert np.abs(ours - theirs).max() < 1e-4 * np.abs(ours).max()


def test_a_size_that_the_model_compares_is_refused_with_the_line(describe, tmp_path: Path) -> None:
    """The file would hold for one batch size only."""
    with pytest.raises(ModelError, match=r"would fix the batch size: .* by rows = 2 if .*native_nets\.py:\d+\)"):
        CONVERTERS["nn.Module"].convert(describe("Fixed", ROWS).source, tmp_path / "net.onnx")
    with pytest.raises(ModelError, match=r"batch sizes from 2 to 8 only by return .*native_nets\.py:\d+\)"):
        CONVERTERS["nn.Module"].convert(describe("Bounded", ROWS).source, tmp_path / "net.onnx")
    assert not (tmp_path / "net.onnx").exists()


def test_a_model_that_cannot_be_traced_is_unsupported(describe, tmp_path: Path) -> None:
    """It runs with torch alone, and other backends are skipped."""
    with pytest.raises(
        UnsupportedModel,
        match=r"its control flow .* depend on values that it computes, at return y if .* \(native_nets\.py:\d+\)\)\.$",
    ):
        CONVERTERS["nn.Module"].convert(describe("Branching", ROWS).source, tmp_path / "net.onnx")


def test_other_axes_are_free_or_fixed_as_the_specs_have_them(describe, tmp_path: Path) -> None:
    """A name stays one, and runs at other sizes than that of the trace; a size is fixed."""
    source = describe("lengths").source
    named = msgspec.structs.replace(source, inputs=(TensorSpec("x", "float32", ("batch", "seq", 6)),))
    sized = msgspec.structs.replace(source, inputs=(TensorSpec("x", "float32", ("batch", 5, 6)),))
    shapes = []
    for place, model in enumerate((named, sized)):
        target = tmp_path / f"net-{place}.onnx"
        CONVERTERS["nn.Module"].convert(model, target)
        session = runtime.InferenceSession(target, providers=["CPUExecutionProvider"])
        shapes.append(session.get_inputs()[0].shape)
        session.run(None, {"x": np.ones((3, 5, 6), np.float32)})
    assert shapes == [["batch", "seq", 6], ["batch", 5, 6]]


def test_weights_that_are_too_large_for_the_file_lie_beside_it(
    describe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protobuf takes two gigabytes."""
    from infer_compare_torch import export

    monkeypatch.setattr(export, "LARGEST_BYTES", 1)
    target = tmp_path / "net.onnx"
    CONVERTERS["nn.Module"].convert(describe("Linear", ROWS).source, target)
    assert (tmp_path / "net.onnx.data").is_file()
    session = runtime.InferenceSession(target, providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].shape == ["batch", 4]
