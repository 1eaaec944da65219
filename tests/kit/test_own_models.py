"""A backend that takes no ONNX is checked with models that its author gives."""

from __future__ import annotations

import numpy as np
import pytest

from infer_compare.backends import ModelSource
from infer_compare.plugins import load_backend
from infer_compare.testing.conformance import Failed, Passed, Skipped, Subject, check_backend


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
    assert skipped.reason == "the backend takes no ONNX, neither by itself nor imported"


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
