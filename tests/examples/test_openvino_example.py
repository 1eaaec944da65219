"""The plugin for OpenVINO: installed from its wheel beside that of infer-compare, where there is nothing else."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "infer-compare-openvino"
BUSY = "the machine is busy"
TOLERANCES = {"float32": 1e-4, "bfloat16": 5e-2}
INSTALLING_S = 900

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2 * INSTALLING_S)]


@pytest.fixture(scope="session")
def execute(run_apart):
    """Runs a command of another environment; installing takes long."""
    return partial(run_apart, timeout=INSTALLING_S)


@pytest.fixture(scope="module")
def venv(tmp_path_factory, execute):
    """A folder with a virtual environment in it that has both wheels, ONNX Runtime, OpenVINO and pytest."""
    folder = tmp_path_factory.mktemp("openvino")
    done = execute(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    assert done.returncode == 0, done.stderr
    pip = folder / "venv" / "bin" / "pip"
    done = execute(pip, "wheel", "--no-deps", "--wheel-dir", folder / "dist", ROOT, EXAMPLE, cwd=folder)
    assert done.returncode == 0, done.stderr
    (core,) = (folder / "dist").glob("infer_compare-*.whl")
    (plugin,) = (folder / "dist").glob("infer_compare_openvino-*.whl")
    done = execute(pip, "install", "-c", ROOT / "constraints.txt", f"{core}[onnx]", f"{plugin}[test]", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def program(venv, execute):
    """Runs the installed program."""

    def run(*arguments):
        return execute(venv / "venv" / "bin" / "infer-compare", *arguments, cwd=venv)

    return run


def _verify_tolerance(report):
    """The outputs agree, at the tolerance of what OpenVINO says that it computes in."""
    (contender,) = (one for one in report["contenders"] if one["label"] == "openvino")
    allowed = TOLERANCES[contender["effective"]["precision"]]
    agreements = {one["contender"]: one for one in report["agreements"]}
    assert agreements["openvino"]["verdict"] == "agrees", agreements
    assert agreements["openvino"]["rtol"] == allowed


def test_the_plugin_is_found_by_its_entry_point(program):
    """With the distribution that brought it."""
    done = program("backends", "openvino")
    assert done.returncode == 0, done.stderr
    told = " ".join(done.stdout.split())
    assert "infer-compare-openvino 1.0" in told
    assert "inference_precision" in told


def test_its_outputs_agree_at_the_tolerance_of_the_precision_that_it_chose(program):
    """Which is bfloat16 on some processors, and float32 on the others."""
    done = program("check", "cnn", "--backends", "onnx,openvino", "--json")
    assert done.returncode == 0, done.stderr
    _verify_tolerance(json.loads(done.stdout))


def test_a_precision_that_is_asked_for_is_the_one_that_is_effective(program):
    """And the tolerance is that of float32."""
    done = program("check", "cnn", "-b", "onnx", "-b", "openvino:inference_precision=f32,label=openvino", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    _verify_tolerance(report)
    assert all(one["rtol"] == TOLERANCES["float32"] for one in report["agreements"])


def test_its_own_tests_pass(venv, execute):
    """Those of the conformance kit, against what is installed."""
    python = venv / "venv" / "bin" / "python"
    done = execute(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", EXAMPLE, cwd=venv)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_runs_beside_another_framework(program):
    """A run that other programs disturbed too much is stopped, which is no defect of the plugin."""
    done = program(
        "run", "mlp", "--backends", "onnx,openvino", "--quick", "--batch-sizes", "1,8", "--json", "-o", "run"
    )
    report = json.loads(done.stdout)
    assert report["state"] == "complete" or BUSY in report["reason"], done.stderr
    assert done.returncode == (0 if report["state"] == "complete" else 1), done.stderr
    outcomes = {curve["contender"]: [point["outcome"] for point in curve["points"]] for curve in report["curves"]}
    assert outcomes == {"onnx": ["measured", "measured"], "openvino": ["measured", "measured"]}
    _verify_tolerance(report)
