"""The wheel: what it holds, and what it does in an environment that has nothing else."""

from __future__ import annotations

import configparser
import json
import zipfile
from functools import partial
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "infer_compare",
    "infer_compare_onnx",
    "infer_compare_ray",
    "infer_compare_reference",
    "infer_compare_tensorflow",
    "infer_compare_torch",
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="session")
def program(clean_environment, program_apart):
    """Runs the installed program, where ONNX Runtime is the only framework."""
    return partial(program_apart, clean_environment)


def _outcomes(done):
    """The outcomes by contender."""
    report = json.loads(done.stdout)
    assert report["state"] == "complete", done.stdout
    return {curve["contender"]: [point["outcome"] for point in curve["points"]] for curve in report["curves"]}


def test_the_wheel_holds_every_package_typed_and_nothing_else(core_wheel):
    """No tests, no documentation."""
    with zipfile.ZipFile(core_wheel) as archive:
        names = set(archive.namelist())
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES
    assert {f"{package}/py.typed" for package in PACKAGES} <= names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_the_wheel_holds_every_module_of_the_tree(core_wheel):
    """Folder by folder."""
    with zipfile.ZipFile(core_wheel) as archive:
        packed = {name for name in archive.namelist() if name.endswith(".py")}
    tree = {
        path.relative_to(root).as_posix() for root in (ROOT / "core", ROOT / "backends") for path in root.rglob("*.py")
    }
    assert packed == tree


def test_the_wheel_holds_nothing_that_only_tests_and_benchmarks_use(core_wheel):
    """No file of theirs, also under another name, and no module that needs one."""
    theirs = {path.read_bytes() for folder in ("tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")} - {b""}
    with zipfile.ZipFile(core_wheel) as archive:
        packed = {name: archive.read(name) for name in archive.namelist() if name.endswith(".py")}
    assert {name for name, source in packed.items() if source in theirs} == set()
    assert {
        name for name, source in packed.items() if b"fault_injection" in source or b"FakeBackend" in source
    } == set()


def test_the_wheel_registers_the_program_and_the_backends(core_wheel):
    """By entry points."""
    with zipfile.ZipFile(core_wheel) as archive:
        (name,) = (one for one in archive.namelist() if one.endswith("entry_points.txt"))
        points = configparser.ConfigParser()
        points.read_string(archive.read(name).decode())
    assert dict(points["console_scripts"]) == {"infer-compare": "infer_compare.cli:main"}
    assert set(points["infer_compare"].values()) == PACKAGES - {"infer_compare"}


def test_one_framework_and_the_reference_run_where_nothing_else_is_installed(program):
    """The shortest way from an installation to a comparison."""
    done = program("run", "--backends", "onnx,reference", "--batch-sizes", "1,2", "--quick", "--json", "-o", "both")
    assert done.returncode == 0, done.stderr
    assert _outcomes(done) == {"onnx": ["measured", "measured"], "reference": ["measured", "measured"]}


def test_a_missing_framework_is_told_with_the_command_while_the_other_runs(program):
    """The exit code says that something asked for is missing."""
    done = program("run", "--backends", "torch,onnx", "--batch-sizes", "1,2", "--quick", "--json", "-o", "one")
    assert done.returncode == 1, done.stderr
    assert "pip install 'infer-compare[torch]'" in done.stderr
    assert _outcomes(done)["onnx"] == ["measured", "measured"]
    assert any("pip install 'infer-compare[torch]'" in one for one in json.loads(done.stdout)["shortcomings"])


def test_backends_that_are_not_installed_are_listed_with_the_command(program):
    """And the installed ones as installed."""
    listed = {one["name"]: one for one in json.loads(program("backends", "--json").stdout)["backends"]}
    assert {name for name, one in listed.items() if one["installed"]} == {"onnx", "reference"}
    assert listed["tensorflow"]["install_hint"] == "pip install 'infer-compare[tensorflow]'"
