"""The notebook-style example works as it stands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import infer_compare as ic

EXAMPLE = Path(__file__).parents[2] / "examples" / "python_api.py"


@pytest.mark.slow
def test_the_example_measures_a_live_network_and_leaves_its_files(tmp_path: Path, calm) -> None:
    """It goes through every contender by torch's own export, and computes the same; a stored run and reports are left."""
    done = subprocess.run(
        [sys.executable, EXAMPLE, tmp_path / "run"],
        cwd=tmp_path, env={**os.environ, **calm()}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = ic.load(tmp_path / "run")
    assert found.document.model.name == "Sequential"
    assert found.run.header.options.inputs == ("input:f32[batch,64]=normal(0,1)",)
    assert {one.verdict for one in found.document.agreements} == {"agrees"}
    assert {row.contender for row in found.points} == {"torch", "onnx", "plain"}
    assert {row.outcome for row in found.points} == {"measured"}
    assert {path.name for path in (tmp_path / "run").iterdir()} >= {"Sequential.pt2", "report.html", "points.csv"}
