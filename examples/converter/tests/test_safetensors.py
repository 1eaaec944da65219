"""What becomes of a safetensors file: the same function, or a sentence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from infer_compare_safetensors import to_onnx
from onnx.reference import ReferenceEvaluator

from infer_compare.backends import ModelError, ModelSource

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

RNG = np.random.default_rng(0)
WEIGHTS = {f"{index}.weight": RNG.standard_normal((3, 3), np.float32) for index in (0, 2, 10)}
BIASES = {f"{index}.bias": RNG.standard_normal(3, np.float32) for index in (0, 2)}


def save(path: Path, tensors: dict[str, NDArray[Any]], **metadata: str) -> ModelSource:
    """Writes tensors as a safetensors file."""
    header: dict[str, Any] = {"__metadata__": metadata}
    data = b""
    for name, array in tensors.items():
        offsets = [len(data), len(data) + array.nbytes]
        header[name] = {"dtype": f"F{array.itemsize * 8}", "shape": array.shape, "data_offsets": offsets}
        data += array.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return ModelSource(format="safetensors", location=str(path), name=path.stem)


def test_the_onnx_file_computes_what_the_layers_say(tmp_path: Path) -> None:
    """In the order of their numbers, with the activation that the file names, for any batch size."""
    to_onnx(save(tmp_path / "net.safetensors", WEIGHTS | BIASES, activation="tanh"), tmp_path / "net.onnx")
    x = RNG.standard_normal((5, 3), np.float32)
    (computed,) = ReferenceEvaluator(onnx.load(tmp_path / "net.onnx")).run(None, {"features": x})
    hidden = np.tanh(x @ WEIGHTS["0.weight"].T + BIASES["0.bias"])
    hidden = np.tanh(hidden @ WEIGHTS["2.weight"].T + BIASES["2.bias"])
    np.testing.assert_allclose(computed, hidden @ WEIGHTS["10.weight"].T, rtol=1e-5)


@pytest.mark.parametrize(
    ("tensors", "sentence"),
    [
        ({}, "holds no perceptron"),
        (BIASES, "0.bias, 2.bias is no part of one"),
        ({"0.weight": np.zeros((2, 3, 3, 3), np.float32)}, "is no linear layer"),
        ({"0.weight": np.zeros((2, 3)), "1.weight": np.zeros((4, 5))}, "2 outputs meet 5 inputs"),
    ],
)
def test_what_is_no_perceptron_is_refused(tmp_path: Path, tensors: dict[str, Any], sentence: str) -> None:
    """With what is in the way."""
    with pytest.raises(ModelError, match=sentence):
        to_onnx(save(tmp_path / "net.safetensors", tensors), tmp_path / "net.onnx")


def test_an_unknown_activation_is_refused(tmp_path: Path) -> None:
    """With those that are known."""
    with pytest.raises(ModelError, match="'swish'; known are relu, tanh, sigmoid"):
        to_onnx(save(tmp_path / "net.safetensors", WEIGHTS, activation="swish"), tmp_path / "net.onnx")


@pytest.mark.parametrize("data", [b"", b"short", b"\xff" * 40, (2).to_bytes(8, "little") + b"[]"])
def test_what_is_no_safetensors_file_is_refused(tmp_path: Path, data: bytes) -> None:
    """Empty, too short, with an absurd length, or with another kind of header."""
    (tmp_path / "net.safetensors").write_bytes(data)
    source = ModelSource(format="safetensors", location=str(tmp_path / "net.safetensors"), name="net")
    with pytest.raises(ModelError, match="not a safetensors file"):
        to_onnx(source, tmp_path / "net.onnx")


def test_a_file_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    """Its header promises more than is there."""
    source = save(tmp_path / "net.safetensors", WEIGHTS)
    source.path.write_bytes(source.path.read_bytes()[:-4])
    with pytest.raises(ModelError, match="cut short"):
        to_onnx(source, tmp_path / "net.onnx")
