"""The examples of a converter, of a notification and of a backend in one file: they do what they say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from infer_compare import hookimpl
from infer_compare.backends import Converter, ModelError
from infer_compare.plugins import Origin, Plugins
from infer_compare.preparation.context import PreparationContext
from infer_compare.preparation.reading import ModelReader
from infer_compare.request.options import RunOptions
from infer_compare.worker.settings import WorkerSettings

EXAMPLES = Path(__file__).parents[2] / "examples"
FAMILY = "infer_compare_point_throughput_samples_per_second"
MINE = f"{EXAMPLES / 'my_backend.py'}:MyBackend"


@pytest.fixture
def install(tmp_path):
    """Puts an example into a folder as an installer leaves it: its package, and its entry points beside it."""

    def put(example):
        project = tomllib.loads((EXAMPLES / example / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        folder = tmp_path / "site"
        info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
        info.mkdir(parents=True)
        points = project["entry-points"]["infer_compare"]
        for module in points.values():
            (folder / module).symlink_to(EXAMPLES / example / module)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n", encoding="utf-8"
        )
        lines = ["[infer_compare]", *(f"{name} = {value}" for name, value in points.items())]
        (info / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return folder

    return put


def _run(folder, *arguments, **variables):
    return subprocess.run(
        [sys.executable, "-m", *map(str, arguments)],
        env={
            **os.environ,
            "PYTHONPATH": str(folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            **variables,
        },
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def _save(path, tensors):
    """A safetensors file."""
    header, data = {}, b""
    for name, array in tensors.items():
        offsets = [len(data), len(data) + array.nbytes]
        header[name] = {"dtype": "F32", "shape": array.shape, "data_offsets": offsets}
        data += array.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


@pytest.fixture
def perceptron(tmp_path):
    """Weights of two layers, as torch saves them."""
    rng = np.random.default_rng(0)
    shapes = {"0.weight": (16, 8), "0.bias": (16,), "2.weight": (4, 16), "2.bias": (4,)}
    _save(
        tmp_path / "net.safetensors",
        {name: rng.standard_normal(shape, np.float32) for name, shape in shapes.items()},
    )
    return tmp_path / "net.safetensors"


@pytest.mark.parametrize("example", ["converter", "notification"])
def test_the_tests_of_an_example_pass(install, example):
    """They are its own, and run without this repository's settings."""
    folder = install(example)
    place = EXAMPLES / example
    done = _run(folder, "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", place, "-c", os.devnull, place)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_format_that_a_plugin_brings_is_run_and_its_outputs_agree(install, perceptron):
    """The conversion is told, with the plugin that made it."""
    done = _run(install("converter"), "infer_compare", "check", perceptron, "--backends", "onnx,reference")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All outputs agree" in done.stdout
    told = " ".join((done.stdout + done.stderr).split())
    assert "net.safetensors was converted from safetensors to ONNX by the plugin safetensors" in told


def test_what_the_plugin_refuses_is_told_as_it_says_it(install, perceptron):
    """Without a traceback, and with the exit code of what was asked for wrongly."""
    _save(perceptron, {"0.weight": np.zeros((2, 3, 3, 3), np.float32)})
    done = _run(install("converter"), "infer_compare", "check", perceptron, "--backends", "onnx")
    assert done.returncode == 2, done.stdout
    assert "'0.weight'" in done.stderr
    assert "is no linear layer" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_file_that_is_not_there_is_told_as_that(install, perceptron):
    """As for the formats that are built in."""
    done = _run(install("converter"), "infer_compare", "explain", perceptron.with_stem("other"))
    assert done.returncode == 2
    assert "There is no file" in done.stderr


def test_what_a_converter_needs_and_is_not_there_is_told_with_the_command(tmp_path):
    """Before a process is started for it."""
    lacking = Converter(
        source="mystery",
        target="onnx",
        convert=lambda _model, _target: None,
        requires=("no_such_module",),
        install_hint="pip install mystery",
        suffixes=(".my.bin",),
    )

    class Plugin:
        @hookimpl
        def infer_compare_converters(self):
            return [lacking]

    plugins = Plugins()
    plugins.register(Plugin(), Origin("mystery", "mystery"))
    (tmp_path / "net.my.bin").touch()
    settings = WorkerSettings(threads=1, seed=0, max_memory=2**30, timeout_s=60.0)
    context = PreparationContext(options=RunOptions(), plugins=plugins, scratch=tmp_path, settings=settings, pythons={})
    with pytest.raises(
        ModelError, match="needs no_such_module, which is not installed; pip install mystery installs it"
    ):
        ModelReader(context).read(str(tmp_path / "net.my.bin"))


def test_without_the_plugin_the_format_is_unknown(install, perceptron):
    """`--no-plugin` leaves it out."""
    done = _run(install("converter"), "infer_compare", "--no-plugin", "safetensors", "explain", perceptron)
    assert done.returncode == 2
    assert "holds weights but not the model" in " ".join(done.stderr.split())


def test_every_point_of_a_run_is_appended_to_the_file_that_is_named(install, tmp_path, calm):
    """With its outcome and its figures."""
    watched = tmp_path / "points.prom"
    command = ["infer_compare", "run", "mlp", "--backends", "reference", "--batch-sizes", "1,2", "--quick"]
    folder = install("notification")
    done = _run(folder, *command, "--threads", "1", **calm(folder), INFER_COMPARE_WATCH=str(watched))
    assert watched.exists(), done.stdout + done.stderr
    lines = watched.read_text(encoding="utf-8").splitlines()
    samples = [line for line in lines if line.startswith(FAMILY)]
    assert [f'batch="{size}"' in line for size, line in zip((1, 2), samples, strict=True)] == [True, True]
    assert all('model="mlp",contender="reference"' in line and 'outcome="measured"' in line for line in samples)
    assert lines[-1] == "# EOF"


@pytest.mark.slow
def test_a_file_that_cannot_be_written_costs_the_run_nothing(install, tmp_path, calm):
    """What a listener raises is its own affair."""
    command = ["infer_compare", "run", "mlp", "--backends", "reference", "--batch-sizes", "1", "--quick", "--json"]
    folder, nowhere = install("notification"), tmp_path / "no" / "file"
    done = _run(folder, *command, "--threads", "1", **calm(folder), INFER_COMPARE_WATCH=str(nowhere))
    assert [curve["contender"] for curve in json.loads(done.stdout)["curves"]] == ["reference"], done.stderr


def test_a_backend_of_one_file_computes_what_a_framework_computes(tmp_path):
    """With either of its options."""
    command = ["infer_compare", "check", "mlp", "-b", "onnx", "-b", MINE, "-b", f"{MINE}:buffers=new,label=new"]
    done = _run(tmp_path, *command, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    verdicts = {one["contender"]: one["verdict"] for one in json.loads(done.stdout)["agreements"]}
    assert verdicts == {"onnx": "agrees", "mine": "agrees", "new": "agrees"}


@pytest.mark.slow
def test_a_backend_of_one_file_keeps_what_the_interface_promises():
    """The fast checks of the conformance kit."""
    from infer_compare.plugins.backend_files import load_file_backend
    from infer_compare.testing.conformance import Subject, check_backend

    with Subject(load_file_backend(EXAMPLES / "my_backend.py", "MyBackend")) as subject:
        report = check_backend(subject, slow=False)
    assert report.passed, report.results


@pytest.mark.slow
def test_a_backend_of_one_file_refuses_what_it_does_not_know(tmp_path):
    """With the operator's name; the others go on."""
    done = _run(tmp_path, "infer_compare", "check", "cnn", "--backends", "onnx", "-b", MINE)
    assert done.returncode == 1
    assert "This backend has no Conv at that place" in " ".join(done.stderr.split())
