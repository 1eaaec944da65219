"""A network exported by torch goes through every framework."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.slow
def test_an_exported_mobilenet_runs_on_all_frameworks_and_their_outputs_agree(tmp_path: Path, calm) -> None:
    """As its first lines say."""
    subprocess.run([sys.executable, EXAMPLES / "export_mobilenet.py", "mobilenet.onnx"], cwd=tmp_path, check=True)
    command = [sys.executable, "-m", "infer_compare", "run", "mobilenet.onnx", "--backends", "torch,onnx,tensorflow"]
    done = subprocess.run(
        [*command, "--batch-sizes", "1,3", "--quick", "--threads", "1", "--json"],
        cwd=tmp_path, env={**os.environ, **calm()}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert {curve["contender"] for curve in report["curves"]} == {"torch", "onnx", "tensorflow"}
    assert {one["verdict"] for one in report["agreements"]} == {"agrees"}
    assert {point["outcome"] for curve in report["curves"] for point in curve["points"]} == {"measured"}
