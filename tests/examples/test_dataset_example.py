"""The digits of scikit-learn as a data set for the built-in `cnn`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

SCRIPT = Path(__file__).parents[2] / "examples" / "dataset" / "digits.py"


def test_the_digits_become_a_data_set_that_the_model_takes(tmp_path):
    """As its first lines say; what would be run is planned, and not run."""
    done = subprocess.run(
        [sys.executable, SCRIPT, "digits.npz"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "digits.npz") as data:
        assert data["image"].shape == (1797, 3, 32, 32)
        assert (float(data["image"].min()), float(data["image"].max())) == (-1.0, 1.0)
    command = [sys.executable, "-m", "infer_compare", "run", "cnn", "--data", "digits.npz", "--scope", "dataset"]
    done = subprocess.run(
        [*command, "--backends", "reference", "--batch-sizes", "1,512", "--dry-run"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "scope        dataset" in done.stdout
