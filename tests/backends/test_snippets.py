"""Code that a search for the fastest configuration ends with, run as pasted."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import pytest

from infer_compare.interfaces import ModelSource
from infer_compare.models.builtin import builtin_models
from infer_compare.plugins import Plugins
from infer_compare.preparation.contenders import find_contenders
from infer_compare.preparation.route import Route
from infer_compare.preparation.snippets import snippet
from infer_compare.worker.settings import WorkerSettings

if TYPE_CHECKING:
    from pathlib import Path

CALL = """
import numpy as np
np.save("outputs.npy", predict(np.load("inputs.npy"))[0])
"""
SETTINGS = WorkerSettings(threads=1, seed=0, max_memory=1 << 30, timeout_s=60.0)


def code_of(contender: str, model: ModelSource) -> str:
    """The snippet of a contender as it would be typed."""
    (found,) = find_contenders([contender], Plugins.discover(block=["*"]))
    return snippet(Route(found, model, ()), SETTINGS, model.path.name)


def source(folder: Path) -> ModelSource:
    """A model file in an otherwise empty folder, with inputs for it."""
    import onnx

    path = folder / "mlp.onnx"
    onnx.save(builtin_models()["mlp"].build(0), path)
    np.save(folder / "inputs.npy", np.random.default_rng(0).standard_normal((3, 64), np.float32))
    return ModelSource(format="onnx", location=str(path), name="mlp")


def run(code: str, folder: Path) -> np.ndarray:
    """What pasted code computes in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", code + CALL], cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return np.load(folder / "outputs.npy")


@pytest.mark.parametrize(
    "contender",
    [
        "onnx:graph_optimization=basic,execution_mode=parallel",
        pytest.param("onnx:threads=1,instances=2", marks=pytest.mark.slow),
        "reference",
        pytest.param("torch:channels_last=true", marks=pytest.mark.slow),
        pytest.param("tensorflow:jit_compile=true", marks=pytest.mark.slow),
    ],
)
def test_the_code_runs_as_pasted_and_computes_the_same(contender: str, tmp_path: Path) -> None:
    """In a fresh process, in a folder that holds nothing but the model file."""
    code = code_of(contender, source(tmp_path))
    session = onnxruntime.InferenceSession(tmp_path / "mlp.onnx")
    (expected,) = session.run(None, {session.get_inputs()[0].name: np.load(tmp_path / "inputs.npy")})
    np.testing.assert_allclose(run(code, tmp_path), expected, rtol=1e-4, atol=1e-5)


MAKING = {
    "net.pt2": """
import torch
net = torch.nn.Sequential(torch.nn.Linear(64, 10), torch.nn.ReLU()).eval()
program = torch.export.export(net, (torch.zeros(2, 64),), dynamic_shapes=({0: torch.export.Dim("batch")},))
torch.export.save(program, "net.pt2")
with torch.inference_mode():
    expected = net(torch.from_numpy(rows)).numpy()
""",
    "net.keras": """
import tensorflow as tf
net = tf.keras.Sequential([tf.keras.layers.Input((64,)), tf.keras.layers.Dense(10, activation="relu")])
net.save("net.keras")
expected = net(rows, training=False).numpy()
""",
}
"""Programs that save a model in the format of its framework, and what it computes of `rows`."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("contender", "file"),
    [("torch:compile=true", "net.pt2"), ("tensorflow:jit_compile=true", "net.keras")],
)
def test_the_code_for_a_framework_s_own_file_needs_that_framework_alone(
    contender: str, file: str, tmp_path: Path
) -> None:
    """It runs where infer-compare cannot be imported."""
    made = f"import numpy as np\nrows = np.ones((3, 64), 'float32')\nnp.save('inputs.npy', rows)\n{MAKING[file]}"
    subprocess.run([sys.executable, "-c", f"{made}\nnp.save('expected.npy', expected)"], cwd=tmp_path, check=True)
    model = ModelSource(format=file.partition(".")[2], location=str(tmp_path / file), name="net")
    alone = f"import sys\nsys.modules['infer_compare'] = None\n{code_of(contender, model)}"
    np.testing.assert_allclose(run(alone, tmp_path), np.load(tmp_path / "expected.npy"), rtol=1e-4, atol=1e-5)


def test_the_code_of_onnx_needs_onnx_runtime_alone(tmp_path: Path) -> None:
    """And says how many processes are to run it."""
    code = code_of("onnx:threads=1,instances=2", source(tmp_path))
    assert "infer_compare" not in code
    assert code.startswith("# 2 processes of this run at the same time")


def test_the_code_of_a_backend_without_any_calls_its_steps(tmp_path: Path) -> None:
    """It needs infer-compare then, and runs what was measured."""
    assert "from infer_compare_reference import" in code_of("reference", source(tmp_path))
