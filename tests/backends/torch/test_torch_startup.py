"""What an eager session leaves alone."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from pathlib import Path
from infer_compare.interfaces import Device, ModelSource, Settings, TensorSpec
from infer_compare.models.builtin import builtin_models
from infer_compare_torch import TorchBackend, TorchOptions

def tell(source):
    session = backend.to_device(backend.load(source), Device("cpu"))
    print(session.compilations(), "torch._dynamo.convert_frame" in sys.modules)

backend = TorchBackend(Settings(options=TorchOptions(), threads=1))
Path("mlp.onnx").write_bytes(builtin_models()["mlp"].build(0).SerializeToString())
tell(ModelSource(format="onnx", location="mlp.onnx", name="mlp"))
rows = (TensorSpec("x", "float32", ("batch", 4)),)
tell(backend.describe(ModelSource(format="callable", location="net.py:make", name="net", inputs=rows), Path("made")).source)
"""


def test_an_eager_session_does_not_import_the_compiler(tmp_path):
    """It would take a second of every worker's start; only exported programs need it to be read."""
    (tmp_path / "net.py").write_text("from torch import nn\n\n\ndef make():\n    return nn.Linear(4, 3)\n")
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    imported, native = done.stdout.splitlines()
    assert imported == "0 False"
    assert native == "0 False"
