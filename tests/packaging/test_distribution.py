"""The distribution names every package by hand; this looks that none was forgotten."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
BACKENDS = sorted(path.name for path in (ROOT / "backends").glob("infer_compare_*"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
SLOW_ALONE = "faults"
"""Where all tests that run alone are slow as well."""
ALWAYS_THERE = "reference"
"""The backend that needs nothing beyond the core's dependencies."""


@pytest.mark.parametrize("package", BACKENDS)
def test_each_backend_is_packaged_registered_and_installable(package):
    """In the wheel, in the entry points, and, bar the reference, as an extra of its name."""
    name = package.removeprefix("infer_compare_")
    assert f"backends/{package}" in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert PROJECT["project"]["entry-points"]["infer_compare"][name] == package
    assert (name in EXTRAS) == (name != ALWAYS_THERE)
    assert package in PROJECT["tool"]["importlinter"]["root_packages"]
    assert package in PROJECT["tool"]["mypy"]["packages"]


@pytest.mark.parametrize("package", ["core/infer_compare", *(f"backends/{name}" for name in BACKENDS)])
def test_each_package_is_typed(package):
    """Type checkers read a package that says so."""
    assert (ROOT / package / "py.typed").is_file()


def test_the_extra_all_is_every_framework_and_all_that_runs_and_reports_can_use():
    """And nothing for developing."""
    (everything,) = EXTRAS["all"]
    named = everything.partition("[")[2].rstrip("]").split(",")
    frameworks = [name.removeprefix("infer_compare_") for name in BACKENDS if ALWAYS_THERE not in name]
    assert sorted(named) == sorted([*frameworks, "data", "gpu", "keras-to-onnx", "plots"])


def test_nothing_asks_for_both_distributions_of_onnx_runtime():
    """They overwrite each other; their markers exclude one another on every platform."""
    from packaging.requirements import Requirement

    requirements = [Requirement(text) for text in EXTRAS["onnx"]]
    for platform in ("linux", "darwin"):
        for machine in ("x86_64", "aarch64", "arm64"):
            place = {"sys_platform": platform, "platform_machine": machine}
            assert sum(one.marker is None or one.marker.evaluate(place) for one in requirements) == 1, place


def test_the_tests_that_run_alone_are_where_make_looks_for_them(request):
    """Collecting the others would import every framework once more."""
    said = subprocess.run(["make", "-n", "test", "slow"], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = said.stdout.splitlines()
    marks = {"not slow": '-m "not slow and alone"', "slow": '-m "slow and alone"'}
    looked = {
        kind: tuple(
            word.removeprefix("tests/") for line in lines if mark in line for word in line.split()
            if word.startswith("tests/")
        )
        for kind, mark in marks.items()
    }  # fmt: skip
    root = request.config.pluginmanager.get_plugin(str(ROOT / "tests" / "conftest.py"))
    assert looked["slow"] == root.ALONE_FOLDERS
    assert all(place.startswith(looked["slow"]) for place in root.ALONE)
    assert [place for place in root.ALONE if not place.startswith(looked["not slow"])] == [SLOW_ALONE]


def test_every_constraint_is_one_exact_version():
    """Otherwise two installations of it may differ."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line for line in lines if line and not line.startswith("#")]
    assert pinned
    assert all(line.count("==") == 1 for line in pinned)
