"""Plugins as they were built for a version of the plugin interface: each must go on working unchanged.

`plugins/version-N` has wheels that are never rebuilt. That of version 2 is the backend of docs/writing-a-backend.md, put
together from the page's blocks with `pip wheel --no-deps` when version 2 was new; the page then called ONNX a format of its
own, though it rebuilds the graph.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infer_compare.backends import API_VERSION

FOLDER = Path(__file__).with_name("plugins")
WHEELS = sorted(FOLDER.glob("version-*/*.whl"))
QUICK = ("--fast", "--group", "identity", "--group", "options", "--group", "loading")


GAPS = {"native_models_are_read_by_the_framework": "it was built before `formats` and `imports` were told apart"}
CLASS = """
from {module} import infer_compare_backends
from infer_compare.testing import BackendConformance

class Kept(BackendConformance):
    backend, = infer_compare_backends()
    known_gaps = {gaps}
"""


@pytest.fixture(params=WHEELS, ids=lambda wheel: f"{wheel.parent.name}-{wheel.name.partition('-')[0]}")
def plugin_check(request, tmp_path):
    """Installs a wheel of pure Python, which is to unpack it, and runs the conformance kit on its backend."""
    site = tmp_path / "site"
    with zipfile.ZipFile(request.param) as wheel:
        wheel.extractall(site)
    (points,) = site.glob("*.dist-info/entry_points.txt")
    module = points.read_text(encoding="utf-8").splitlines()[1].partition("=")[2].strip()
    kept = tmp_path / "kept.py"
    kept.write_text(CLASS.format(module=module, gaps=GAPS), encoding="utf-8")

    def check(*options):
        done = subprocess.run(
            [sys.executable, "-m", "infer_compare", "plugin", "check", "kept.py:Kept", "--json", *options],
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(site)}, capture_output=True, text=True, timeout=280, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return [one["outcome"] for one in json.loads(done.stdout)["results"]]

    return check


def test_a_plugin_of_an_accepted_version_is_taken_and_loads_its_models(plugin_check):
    """It says what it is, and reads a model."""
    outcomes = plugin_check(*QUICK)
    assert outcomes.count("passed") > 12
    assert "failed" not in outcomes


@pytest.mark.slow
def test_a_plugin_of_an_accepted_version_passes_the_whole_kit(plugin_check):
    """It computes what it computed, and keeps every promise that it can keep."""
    outcomes = plugin_check()
    assert outcomes.count("passed") > 40
    assert "failed" not in outcomes


def test_a_plugin_is_kept_for_the_version_of_the_interface():
    """Whoever raises the version builds one: `pip wheel --no-deps` on the blocks of the documentation."""
    assert (FOLDER / f"version-{API_VERSION}") in {wheel.parent for wheel in WHEELS}
