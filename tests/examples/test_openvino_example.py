"""The plugin for OpenVINO: installed from its wheel beside that of infer-compare, where there is nothing else."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "infer-compare-openvino"
TOLERANCES = {"float32": 1e-4, "bfloat16": 5e-2}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def folder(plugin_environment):
    """With a virtual environment in it that has both wheels, ONNX Runtime, OpenVINO and pytest."""
    return plugin_environment(EXAMPLE.name)


@pytest.fixture(scope="module")
def program(folder, program_apart):
    """Runs the installed program."""
    return partial(program_apart, folder)


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
    assert "performance_hint" in told


def test_it_computes_in_the_precision_of_the_model_on_every_processor(program):
    """Where it would choose bfloat16 by itself, too."""
    done = program("check", "cnn", "--backends", "onnx,openvino", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    _verify_tolerance(report)
    assert all(agreement["rtol"] == TOLERANCES["float32"] for agreement in report["agreements"])


def test_a_precision_that_is_asked_for_is_effective_or_refused_by_name(program):
    """The first where the processor has it."""
    done = program("check", "cnn", "-b", "onnx", "-b", "openvino:precision=bfloat16,label=openvino", "--json")
    if done.returncode == 0:
        _verify_tolerance(json.loads(done.stdout))
    else:
        assert "OpenVINO computes in float32 on this processor where bfloat16 is asked for" in done.stderr + done.stdout


SAVE = """
from pathlib import Path
import openvino
from infer_compare.models.builtin import builtin_models
Path("net.onnx").write_bytes(builtin_models()["mlp"].build(0).SerializeToString())
openvino.save_model(openvino.Core().read_model("net.onnx"), "net.xml", compress_to_fp16=False)
"""


def test_its_own_files_are_native_and_compute_what_the_onnx_file_does(folder, program, run_apart):
    """With the weights beside them."""
    saved = run_apart(folder / "venv" / "bin" / "python", "-c", SAVE, cwd=folder, timeout=120)
    assert saved.returncode == 0, saved.stderr
    done = program("explain", "net.xml", "--backends", "openvino")
    assert "native" in done.stdout, done.stderr
    done = program("check", "net.onnx", "--backends", "onnx,openvino", "--model", "openvino=net.xml", "--json")
    assert done.returncode == 0, done.stderr
    _verify_tolerance(json.loads(done.stdout))


def test_its_own_tests_pass(folder, run_apart):
    """Those of the conformance kit, against what is installed."""
    python = folder / "venv" / "bin" / "python"
    done = run_apart(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", EXAMPLE, cwd=folder, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_runs_beside_another_framework(program):
    """Both are measured, and their outputs agree."""
    done = program(
        "run", "mlp", "--backends", "onnx,openvino", "--quick", "--batch-sizes", "1,8", "--json", "-o", "run"
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["state"] == "complete", done.stderr
    outcomes = {curve["contender"]: [point["outcome"] for point in curve["points"]] for curve in report["curves"]}
    assert outcomes == {"onnx": ["measured", "measured"], "openvino": ["measured", "measured"]}
    _verify_tolerance(report)
