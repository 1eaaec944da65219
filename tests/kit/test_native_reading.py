"""Whether a backend that calls ONNX native lets its framework read the file."""

from __future__ import annotations

import pytest

from infer_compare.plugins import load_backend
from infer_compare.testing.conformance import CHECKS, Failed, Passed, Subject, runner

BACKEND = """
import numpy as np
from infer_compare.backends import Capabilities, load_onnx
from own_files import Scaled, ScaledSession


class Toy(Scaled):
    name = "toy"
    requires = ("toy_framework",)
    install_hint = "pip install toy"
    capabilities = Capabilities(formats=("onnx",))

    def load(self, model):
        {load}
        return ScaledSession(np.ones(1, np.float32), np.zeros(1, np.float32), "batch")
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("load", "outcome", "words"),
    [
        ("import toy_framework; toy_framework.read(model.path)", Passed, ""),
        ("model.path.read_bytes()", Passed, ""),
        ("load_onnx(model.path)", Failed, "infer_compare.models.onnx_file reads the model with the package onnx"),
        ("import onnx; onnx.load(model.path)", Failed, "declare imports=('onnx',) instead"),
    ],
    ids=["the framework reads with onnx", "nothing needs onnx", "a public helper", "onnx itself"],
)
def test_only_code_of_the_framework_may_read_a_native_model_with_onnx(tmp_path, monkeypatch, load, outcome, words):
    """What the framework does inside is its own affair."""
    (tmp_path / "toy_framework.py").write_text("def read(path):\n    import onnx\n    onnx.load(path)\n", "utf-8")
    path = tmp_path / "toy.py"
    path.write_text(BACKEND.format(load=load), "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    reference = f"file:{path}:Toy"
    with Subject(load_backend(reference), reference=reference) as subject:
        found = runner.run_check(CHECKS["native_models_are_read_by_the_framework"], subject)
    assert isinstance(found, outcome), found
    assert words in getattr(found, "reason", "")
