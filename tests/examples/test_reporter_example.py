"""The example of a report format as a plugin: it is found by its entry point, and does what it says."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "reporter"
RUN = ROOT / "docs" / "example"


@pytest.fixture
def installed(tmp_path):
    """A folder that holds the example as an installer leaves it: its package, and its entry points beside it."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    folder = tmp_path / "site"
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    (folder / "infer_compare_openmetrics").symlink_to(EXAMPLE / "infer_compare_openmetrics")
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n", encoding="utf-8"
    )
    points = project["entry-points"]["infer_compare"]
    lines = ["[infer_compare]", *(f"{name} = {value}" for name, value in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def _run(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        env={
            **os.environ,
            "PYTHONPATH": str(folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_format_of_the_plugin_is_found_and_takes_several_runs(installed):
    """Its figures are those of the CSV report."""
    done = _run(installed, "infer_compare", "report", RUN, RUN, "--format", "openmetrics")
    assert done.returncode == 0, done.stderr
    table = csv.DictReader(_run(installed, "infer_compare", "report", RUN, "--format", "csv").stdout.splitlines())
    rates = [line.rpartition(" ")[2] for line in done.stdout.splitlines() if "throughput" in line and line[0] != "#"]
    assert sorted(rates) == sorted([row["throughput"] for row in table] * 2)
    assert done.stdout.endswith("# EOF\n")


def test_without_the_plugin_the_format_is_unknown(installed):
    """`--no-plugin` leaves it out."""
    done = _run(installed, "infer_compare", "--no-plugin", "openmetrics", "report", RUN, "--format", "openmetrics")
    assert done.returncode == 2
    assert "There is no report format 'openmetrics'" in done.stderr


def test_the_tests_of_the_example_pass(installed):
    """They are its own, and run without this repository's settings."""
    done = _run(installed, "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", EXAMPLE, "-c", os.devnull, EXAMPLE)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_example_can_be_installed_by_pip(tmp_path):
    """What pip installs has the module and the entry point."""
    done = _run(tmp_path, "pip", "install", "--quiet", "--no-deps", "--target", tmp_path / "site", EXAMPLE)
    assert done.returncode == 0, done.stderr
    listed = _run(tmp_path / "site", "infer_compare", "report", RUN, "--format", "openmetrics")
    assert listed.stdout.startswith("# TYPE infer_compare_throughput_samples_per_second gauge"), listed.stderr
