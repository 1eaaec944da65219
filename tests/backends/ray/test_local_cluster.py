"""The example of a fleet: `examples/fleet`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infer_compare.fleet.fleet_file import read_fleet

EXAMPLE = Path(__file__).parents[3] / "examples" / "fleet"


def test_the_fleet_of_the_example_asks_for_two_small_runs_on_ray():
    """As the documentation says."""
    fleet = read_fleet(EXAMPLE / "fleet.toml")
    assert fleet.launcher == "ray"
    assert [model.table["model"] for model in fleet.models] == ["mlp", "cnn"]


@pytest.mark.slow
@pytest.mark.linux
def test_a_command_sees_two_nodes_and_the_cluster_ends_with_it():
    """With the exit code of the command."""
    machines = [
        sys.executable,
        "-m",
        "infer_compare",
        "fleet",
        "machines",
        "--launcher",
        "ray",
        "--address",
        "{address}",
    ]
    script = "import subprocess, sys; subprocess.run(sys.argv[1:], check=True); sys.exit(3)"
    ended = subprocess.run(
        [sys.executable, str(EXAMPLE / "local_cluster.py"), sys.executable, "-c", script, *machines],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("RAY_")},
    )
    assert ended.returncode == 3, ended.stderr
    assert "  node=first\n" in ended.stdout
    assert "  node=second\n" in ended.stdout
