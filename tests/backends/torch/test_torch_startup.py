"""What an eager session leaves alone."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from infer_compare.interfaces import Device, ModelSource, Settings
from infer_compare.models.builtin import builtin_models
from infer_compare_torch import TorchBackend, TorchOptions
path = sys.argv[1]
open(path, "wb").write(builtin_models()["mlp"].build(0).SerializeToString())
backend = TorchBackend(Settings(options=TorchOptions(), threads=1))
session = backend.to_device(backend.load(ModelSource(format="onnx", location=path, name="mlp")), Device("cpu"))
print(session.compilations(), "torch._dynamo.convert_frame" in sys.modules)
"""


def test_an_eager_session_does_not_import_the_compiler(tmp_path):
    """It would take a second of every worker's start."""
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "mlp.onnx")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "False"]


NATIVE = """
import sys
from pathlib import Path
from infer_compare.interfaces import Device, ModelSource, Settings, TensorSpec
from infer_compare_torch import TorchBackend, TorchOptions
backend = TorchBackend(Settings(options=TorchOptions(), threads=1))
rows = (TensorSpec("x", "float32", ("batch", 4)),)
model = ModelSource(format="callable", location=sys.argv[1] + ":make", name="net", inputs=rows)
told = backend.describe(model, Path(sys.argv[2]))
session = backend.to_device(backend.load(told.source), Device("cpu"))
print(session.compilations(), "torch._dynamo.convert_frame" in sys.modules)
"""


def test_a_native_module_does_not_import_the_compiler_either(tmp_path):
    """Only exported programs need it to be read."""
    net = tmp_path / "net.py"
    net.write_text("from torch import nn\n\n\ndef make():\n    return nn.Linear(4, 3)\n")
    command = [sys.executable, "-c", NATIVE, str(net), str(tmp_path / "made")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "False"]
