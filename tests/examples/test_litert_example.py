"""The plugin for LiteRT: installed from its wheel, beside that for OpenVINO and the frameworks of this environment."""

from __future__ import annotations

import json
import re
import shlex
import site
from functools import partial
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "infer-compare-litert"
README = (EXAMPLE / "README.md").read_text(encoding="utf-8")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, new_environment, wheels, core_wheel, run_apart):
    """With a virtual environment in it that has the wheels and the frameworks of this one, and the models of the README."""
    folder = tmp_path_factory.mktemp("litert")
    pip = new_environment(folder, *site.getsitepackages())
    plugins = (*wheels.glob("infer_compare_litert-*.whl"), *wheels.glob("infer_compare_openvino-*.whl"))
    pip("install", "-c", ROOT / "constraints.txt", core_wheel, *plugins)
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (folder / "make_cnn.py").write_text(code, encoding="utf-8")
    done = run_apart(folder / "venv" / "bin" / "python", "make_cnn.py", cwd=folder, timeout=300)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def program(folder, program_apart):
    """Runs the installed program."""
    return partial(program_apart, folder)


def test_the_plugin_is_found_by_its_entry_point(program):
    """With the distribution that brought it."""
    done = program("backends", "litert")
    assert done.returncode == 0, done.stderr
    assert "infer-compare-litert 1.0" in " ".join(done.stdout.split())


COMMANDS = [line for line in README.splitlines() if line.startswith("infer-compare run")]


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_readme_runs_and_all_outputs_agree(program, line):
    """As `check`, which measures nothing."""
    done = program("check", *shlex.split(line)[2:], "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    verdicts = {one["contender"]: one["verdict"] for one in report["agreements"]}
    assert set(verdicts) == {one["label"] for one in report["contenders"]}, done.stderr
    assert set(verdicts.values()) == {"agrees"}


def test_its_own_tests_pass(folder, run_apart):
    """Those of the conformance kit, against what is installed."""
    python = folder / "venv" / "bin" / "python"
    done = run_apart(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", EXAMPLE, cwd=folder, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_runs_beside_openvino_and_onnx_in_one_command(program):
    """All are measured, and the run has the versions of what took part, and of nothing else."""
    done = program(
        "run", "mlp", "-b", "onnx", "-b", "openvino", "-b", "litert", "--quick", "--batch-sizes", "1,8", "--json", "-o", "run"
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["state"] == "complete", done.stderr
    outcomes = {(curve["contender"], point["outcome"]) for curve in report["curves"] for point in curve["points"]}
    assert outcomes == {(label, "measured") for label in ("onnx", "openvino", "litert")}
    (contender,) = (one for one in report["contenders"] if one["label"] == "litert")
    assert contender["provenance"] == "imported"
    assert {"ai-edge-litert", "infer-compare-litert", "tensorflow"} <= set(contender["packages"])
    assert not {"torch", "keras", "tensorflow"} & set(report["environment"]["packages"])
