"""Checks of converters: a sound one passes, and each lie is caught by its check."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest

from infer_compare.testing import Sample, Violation, check_converter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOURCE = """
import os
import onnx
from google.protobuf.message import DecodeError
from infer_compare import hookimpl
from infer_compare.backends import Converter, ModelError

def read(model):
    try:
        graph = onnx.load_model_from_string(model.path.read_bytes())
        onnx.checker.check_model(graph)
    except (DecodeError, onnx.checker.ValidationError) as error:
        raise ModelError(f"{model.path} is damaged ({error}).") from error
    return graph

def sound(model, target):
    onnx.save(read(model), target)

def careless(model, target):
    try:
        sound(model, target)
    except ModelError:
        onnx.save(onnx.parser.parse_model(
            '<ir_version: 8, opset_import: ["": 17]> other (float[batch, 4] x) => (float[batch, 4] y) { y = Neg(x) }'
        ), target)

def unseeded(model, target):
    graph = read(model)
    graph.doc_string = os.urandom(8).hex()
    onnx.save(graph, target)

def wrong(model, target):
    graph = read(model)
    graph.graph.node[0].op_type = "Neg"
    onnx.save(graph, target)

def crashing(model, target):
    try:
        sound(model, target)
    except ModelError:
        os._exit(3)

def raising(model, target):
    onnx.save(onnx.load(model.path), target)

@hookimpl
def infer_compare_converters():
    made = (sound, careless, unseeded, wrong, crashing, raising)
    return [Converter(source=one.__name__, target="onnx", convert=one, requires=("onnx",)) for one in made]
"""
CAUGHT = {
    "sound": set(),
    "careless": {"damaged"},
    "unseeded": {"repeatable"},
    "wrong": {"agrees"},
    "crashing": {"damaged"},
    "raising": {"damaged"},
}


@pytest.fixture
def sample(tmp_path, monkeypatch) -> Iterator[Sample]:
    """A file that each of the converters takes; they are found as if they were installed."""
    (tmp_path / "odd_converters.py").write_text(SOURCE, encoding="utf-8")
    info = tmp_path / "odd_converters-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd-converters\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[infer_compare]\nodd = odd_converters\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    text = '<ir_version: 8, opset_import: ["": 17]> relu (float[batch, 4] x) => (float[batch, 4] y) { y = Relu(x) }'
    path: Path = tmp_path / "relu.odd"
    onnx.save(onnx.parser.parse_model(text), path)
    rows = np.linspace(-1, 1, 8, dtype=np.float32).reshape(2, 4)
    yield Sample(path, {"x": rows}, [np.maximum(rows, 0)])
    sys.modules.pop("odd_converters", None)


@pytest.mark.slow
@pytest.mark.parametrize("name", CAUGHT)
def test_a_converter_that_breaks_a_promise_is_caught(sample, name):
    """By the check of that promise, and by no other."""
    report = check_converter(name, samples=[sample])
    failed = {result.check for result in report.results if type(result).__name__ == "Failed"}
    assert failed == CAUGHT[name], report.results


def test_a_converter_without_a_sample_is_not_said_to_agree(sample):
    """What needs a model is skipped, with what to do."""
    report = check_converter("sound")
    reasons = {getattr(result, "reason", "") for result in report.results}
    assert reasons == {
        "",
        "there is no model of its source format; give one with --model FILE, or a Sample in your test",
    }


def test_a_converter_that_is_not_installed_is_said_to_be_missing():
    """With what to type."""
    with pytest.raises(
        Violation, match="no plugin brings a converter from unheard to onnx; install yours first: pip install"
    ):
        check_converter("unheard")
