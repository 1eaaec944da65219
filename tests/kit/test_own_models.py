"""A backend that takes no ONNX is checked with models that its author gives."""

from __future__ import annotations

import os

import numpy as np
import pytest

from infer_compare.backends import ModelSource
from infer_compare.plugins import load_backend
from infer_compare.testing.conformance import CHECKS, Failed, Passed, Skipped, Subject, check_backend
from infer_compare.testing.conformance.runner import run_check

PACKED = """
import gzip
from pathlib import Path

import msgspec

from infer_compare import hookimpl
from infer_compare.backends import Capabilities, Converter, UnsupportedModel
from infer_compare_reference import ReferenceBackend


class Packed(ReferenceBackend):
    name = "packed"
    capabilities = Capabilities(formats=("packed",))

    def load(self, model):
        path = model.path.with_suffix(".unpacked")
        path.write_bytes(gzip.decompress(model.path.read_bytes()))
        return super().load(msgspec.structs.replace(model, format="onnx", location=str(path)))


def pack(model, target):
    if model.name == "lstm":
        raise UnsupportedModel("LSTM is not packed.")
    assert [str(spec.shape[0]) for spec in model.inputs] == ["batch"] * len(model.inputs)
    target.write_bytes(gzip.compress(model.path.read_bytes()))


@hookimpl
def infer_compare_backends():
    return [Packed]


@hookimpl
def infer_compare_converters():
    return [Converter(source="onnx", target="packed", convert=pack)]
"""
"""A plugin whose backend takes files that a converter makes of ONNX."""


@pytest.fixture
def checked(here, tmp_path):
    """The results of its quick checks by name, for a model whose right outputs are multiplied by a factor."""
    rng = np.random.default_rng(5)
    weight, rows = (rng.standard_normal(shape, dtype=np.float32) for shape in ((6, 3), (20, 6)))
    np.save(tmp_path / "weight.npy", weight)
    source = ModelSource(format="npy", location=str(tmp_path / "weight.npy"), name="weight")
    reference = f"file:{here / 'rows_backend.py'}:Rows"

    def run(factor=1.0, *, give=True):
        models = (lambda: [(source, [rows], [rows @ weight * np.float32(factor)])]) if give else None
        with Subject(load_backend(reference), reference=reference, models=models) as subject:
            return {one.check: one for one in check_backend(subject, slow=False).results}

    return run


def test_what_it_computes_is_held_against_what_is_right(checked):
    """At every batch size, though only one batch was given."""
    results = checked()
    assert [one for one in results.values() if isinstance(one, Failed)] == []
    assert isinstance(results["agrees_on_models_of_its_own"], Passed)
    assert isinstance(results["batch_size_can_change"], Passed)
    assert isinstance(results["usable_in_a_worker"], Passed)
    assert isinstance(results["damaged_files_are_refused"], Passed)


def test_the_models_of_the_kit_are_skipped_with_the_reason(checked):
    """They are ONNX."""
    skipped = checked()["agrees_on_convolutions"]
    assert isinstance(skipped, Skipped)
    assert skipped.reason == "the backend takes no ONNX, neither by itself nor imported nor converted"


def test_a_wrong_output_fails_that_check_alone(checked):
    """The sentence names model, batch and difference."""
    failed = [one for one in checked(1.01).values() if isinstance(one, Failed)]
    assert [one.check for one in failed] == ["agrees_on_models_of_its_own"]
    assert failed[0].reason.startswith(
        "Of the model weight at batch 1, output 'y' differs by 0.03 at index 2 of axis 1"
    )


def test_without_a_model_the_kit_asks_for_one(checked):
    """What needs a session is skipped, and one check fails."""
    results = checked(give=False)
    failed = [one for one in results.values() if isinstance(one, Failed)]
    assert [one.check for one in failed] == ["some_model_runs"]
    assert "add models with `models`" in failed[0].reason
    assert isinstance(results["slots_take_turns"], Skipped)


def test_the_models_of_the_kit_are_converted_where_a_converter_leads_to_the_backend(tmp_path, monkeypatch):
    """One that it refuses is skipped with its reason."""
    (tmp_path / "packed_plugin.py").write_text(PACKED, encoding="utf-8")
    info = tmp_path / "packed_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: packed-plugin\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[infer_compare]\npacked = packed_plugin\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    reference = "entry:packed:packed"
    with Subject(load_backend(reference), reference=reference) as subject:
        assert isinstance(run_check(CHECKS["agrees_on_a_perceptron"], subject), Passed)
        refused = run_check(CHECKS["agrees_on_a_recurrent_net"], subject)
    assert isinstance(refused, Skipped)
    assert refused.reason == "the model lstm is not converted for the backend: LSTM is not packed."
