"""Functions of the user's that return a model."""

from __future__ import annotations

import random
import sys

import numpy as np
import pytest

from infer_compare import ModelSpec
from infer_compare.backends import ModelError
from infer_compare.models.callables import make_model, own_files, seed_generators, source_file


@pytest.fixture
def here(monkeypatch, tmp_path):
    """An empty working folder, and nothing of it left on the path."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


def test_a_file_may_import_what_lies_beside_it(here) -> None:
    """As when it is run."""
    (here / "net").mkdir()
    (here / "net" / "beside_net.py").write_text("VALUE = 7\n")
    (here / "net" / "net_file.py").write_text("from beside_net import VALUE\ndef make():\n    return VALUE\n")
    assert make_model("net/net_file.py:make") == (7, ())


def test_a_module_of_the_working_folder_is_found(here) -> None:
    """As with `python -m`."""
    (here / "net_module.py").write_text("class Net:\n    pass\n")
    model, _ = make_model("net_module:Net")
    assert type(model).__name__ == "Net"
    assert source_file("net_module:Net") == here / "net_module.py"


def test_the_files_of_a_model_are_those_of_the_users_own_modules(here) -> None:
    """A change of what a file imports is a change of the model; installed packages and the standard library are not."""
    (here / "imported_net.py").write_text("SIZE = 7\n")
    (here / "importing_net.py").write_text(
        "import json, numpy\nfrom imported_net import SIZE\ndef make():\n    return SIZE\n"
    )
    make_model("importing_net.py:make")
    files = own_files("importing_net.py:make")
    assert {here / "imported_net.py", here / "importing_net.py"} <= set(files)
    assert not [one for one in files if {"json", "numpy", "infer_compare"} & set(one.parts)]


def test_a_model_spec_brings_the_inputs(here) -> None:
    """In the form of `--input`."""
    code = "from infer_compare import ModelSpec\ndef make():\n    return ModelSpec('net', inputs=['x:f32[batch,3]'])\n"
    (here / "net_spec.py").write_text(code)
    assert make_model("net_spec.py:make") == ("net", ("x:f32[batch,3]",))
    assert ModelSpec("net", ["x"]).inputs == ("x",)


@pytest.mark.parametrize(
    ("code", "name", "says"),
    [
        ("", "make", "has no 'make'"),
        ("make = 3", "make", "name a function"),
        ("def make():\n    raise ValueError('no weights')", "make", "raised ValueError: no weights"),
        ("def make(size):\n    return size", "make", "without arguments"),
        ("def make():\n    pass", "make", "returned nothing"),
        ("import no_such_module_at_all", "make", "no_such_module_at_all"),
        ("def make(:", "make", "SyntaxError"),
        ("raise SystemExit(3)", "make", "SystemExit"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(here, code, name, says) -> None:
    """Missing, no function, raising, returning nothing, not importable."""
    (here / "net_bad.py").write_text(code)
    with pytest.raises(ModelError, match=says):
        make_model(f"net_bad.py:{name}")


@pytest.mark.parametrize("location", ["nowhere.py:make", "nowhere_module:make"])
def test_a_missing_place_is_named(here, location) -> None:
    """A file, or a module."""
    with pytest.raises(ModelError, match=r"There is no (file|module) nowhere"):
        make_model(location)


def test_a_seed_decides_what_a_function_draws():
    """From the generators of Python and of numpy; a seed may be larger than numpy takes."""
    drawn = []
    for seed in (7, 7, 2**40):
        seed_generators(seed)
        drawn.append((random.random(), float(np.random.rand())))  # noqa: NPY002
    assert drawn[0] == drawn[1] != drawn[2]
