"""Models of the library transformers, with their default outputs: native, exported and imported they compute the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from infer_compare.backends import Device, ModelSource, Settings
from infer_compare.models.fill_text import parse_fill
from infer_compare.models.fills import Normal

if TYPE_CHECKING:
    from infer_compare.backends import Backend, ModelDescription

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
NETS = Path(__file__).with_name("transformers_nets.py")
OUTPUTS = {
    "bert": ["last_hidden_state", "pooler_output"],
    "gpt2": ["logits"],
    "gpt2_with_cache": [
        "logits",
        *(f"past_key_values.{layer}.{part}" for layer in (0, 1) for part in ("keys", "values")),
    ],
    "t5_encoder": ["last_hidden_state"],
    "whisper_encoder": ["last_hidden_state"],
    "vit": ["logits"],
    "clip": ["logits_per_image", "logits_per_text", "text_embeds", "image_embeds"],
}
"""The first outputs of each, by name."""
NEEDED = ("torch", "transformers", "onnxscript", "onnxruntime", "tensorflow")


@pytest.fixture(scope="module", autouse=True)
def _needed() -> None:
    """Imported only where the tests are run: together they take ten seconds."""
    for library in NEEDED:
        pytest.importorskip(library)


def backends() -> list[Backend]:
    """The three frameworks, with one thread."""
    from infer_compare_onnx import OnnxBackend, OnnxOptions
    from infer_compare_tensorflow import TensorFlowBackend, TensorFlowOptions
    from infer_compare_torch import TorchBackend, TorchOptions

    classes = ((TorchBackend, TorchOptions), (OnnxBackend, OnnxOptions), (TensorFlowBackend, TensorFlowOptions))
    return [backend(Settings(options=options(), threads=1)) for backend, options in classes]


def rows_for(told: ModelDescription, batch: int) -> list[np.ndarray]:
    """Random rows of every input."""
    rng = np.random.default_rng(0)
    found = []
    for spec in told.inputs:
        fill = parse_fill(told.fills[spec.name]) if spec.name in told.fills else Normal(0, 1)
        found.append(fill.draw(rng, (batch, *map(int, spec.shape[1:])), spec.dtype))
    return found


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_model_with_its_default_output_is_the_same_on_every_framework(name: str, tmp_path: Path) -> None:
    """Inputs by name, outputs by theirs, at batch sizes other than that of the export."""
    from infer_compare_torch import infer_compare_converters

    native, *others = backends()
    source = ModelSource(format="callable", location=f"{NETS}:{name}", name=name)
    told = native.describe(source, tmp_path)
    assert [one.name for one in told.outputs][: len(OUTPUTS[name])] == OUTPUTS[name]
    target = tmp_path / "net.onnx"
    convert = next(one.convert for one in infer_compare_converters() if one.source == told.source.format)
    convert(told.source, target)
    exported = ModelSource(format="onnx", location=str(target), name=name, inputs=told.inputs, provenance="exported")
    sessions = [native.to_device(native.load(told.source), Device("cpu"))]
    sessions += [one.to_device(one.load(exported), Device("cpu")) for one in others]
    for batch in (1, 3):
        rows = rows_for(told, batch)
        found = []
        for session in sessions:
            slot = session.stage(rows)
            session.run(slot)
            session.synchronize()
            found.append(session.fetch(slot))
        for other in found[1:]:
            assert len(other) == len(found[0]) == len(told.outputs)
            for wanted, got in zip(found[0], other, strict=True):
                assert wanted.shape == got.shape
                assert np.abs(wanted - got).max() < 1e-4 * np.abs(wanted).max()
    for session in sessions:
        session.close()
