"""Data sets that plugins bring: registered, refused, loaded in a process of their own, and named after `--data`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest

from infer_compare.errors import InputError, ModelError
from infer_compare.interfaces import TensorSpec
from infer_compare.models.dataset import read_dataset
from infer_compare.plugins import Plugins
from infer_compare.preparation.model_worker import ModelWorker
from infer_compare.worker.settings import WorkerSettings

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = """
from infer_compare import hookimpl
from infer_compare.backends import BuiltinDataset

def rows(seed):
    import numpy as np
    return {"features": np.random.default_rng(seed).standard_normal((5, 64))}

def broken(seed):
    raise OSError("the disk is gone")

@hookimpl
def infer_compare_datasets():
    return [
        BuiltinDataset(name="noise", summary="rows of noise", load=rows),
        BuiltinDataset(name="gone", summary="nothing", load=broken),
        BuiltinDataset(name="words", summary="no numbers", load=lambda seed: ["a", "b"]),
    ]
"""


@pytest.fixture
def plugins(install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plugins:
    """A plugin with data sets, which workers find too."""
    install("sets", SOURCE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    return Plugins.discover()


def load(plugins: Plugins, name: str, folder: Path, seed: int = 0) -> None:
    """Load a data set as a run does."""
    (entry,) = [entry for entry in plugins.datasets if entry.dataset.name == name]
    ModelWorker(WorkerSettings(threads=1, seed=seed, max_memory=2**30, timeout_s=60)).collect(name, folder, entry)


def test_a_data_set_is_loaded_with_the_seed_in_its_own_process(plugins, tmp_path):
    """The rows are those of the seed, cast to what the model takes."""
    load(plugins, "noise", tmp_path / "rows", seed=3)
    specs = (TensorSpec("features", "float32", ("batch", 64)),)
    dataset = read_dataset("noise", tmp_path / "rows", specs, tmp_path / "made")
    expected = np.random.default_rng(3).standard_normal((5, 64)).astype(np.float32)
    assert np.array_equal(np.load(dataset.paths[0]), expected)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("gone", "The data set gone raised OSError: the disk is gone"),
        ("words", "The data set words returned list for 'data'; it must return arrays of numbers"),
    ],
)
def test_a_data_set_that_cannot_be_loaded_says_why(plugins, tmp_path, name, sentence):
    """With the name by which it was asked for."""
    with pytest.raises((InputError, ModelError), match=sentence):
        load(plugins, name, tmp_path / "rows")


def test_a_run_takes_a_data_set_by_its_name(plugins, cli):
    """Here it is only planned: a batch of more samples than it has is refused with its name."""
    done = cli(
        "run",
        "mlp",
        "--backends",
        "reference",
        "--data",
        "noise",
        "--batch-sizes",
        "1,8",
        "--scope",
        "dataset",
        "--dry-run",
    )
    assert done.code == 2
    assert "The data set noise has 5 samples, fewer than a batch of 8" in done.err


def test_a_file_goes_before_a_data_set_of_the_same_name(plugins, cli, tmp_path):
    """What lies in the folder is what was meant."""
    (tmp_path / "noise").mkdir()
    done = cli("run", "mlp", "--backends", "reference", "--data", "noise", "--batch-sizes", "1", "--dry-run")
    assert done.code == 2
    assert "The folder noise holds no .npy files" in done.err


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ("'noise'", "is not an infer_compare.backends.BuiltinDataset"),
        ("BuiltinDataset(name='a b', summary='', load=print)", "may only contain letters"),
        ("BuiltinDataset(name='noise', summary='', load=3)", "must be a function, not 3"),
        ("BuiltinDataset(name='noise', summary=3, load=print)", "must be a text, not 3"),
    ],
)
def test_a_data_set_that_does_not_fit_is_refused(install, made, reason):
    """The rest of the plugin is used."""
    install(
        "odd",
        f"""
        from infer_compare import hookimpl
        from infer_compare.backends import BuiltinDataset

        @hookimpl
        def infer_compare_datasets():
            return [{made}, BuiltinDataset(name="sound", summary="", load=print)]
        """,
    )
    plugins = Plugins.discover()
    (broken,) = [one for one in plugins.broken if one.origin.plugin == "odd"]
    assert reason in broken.reason
    assert [entry.dataset.name for entry in plugins.datasets] == ["sound"]
