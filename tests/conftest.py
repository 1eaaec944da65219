"""What holds for all tests."""

from __future__ import annotations

import fcntl
import importlib
import os
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from infer_compare.environment import conditions, peak

# How long an example takes says something about the machine, not about the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

TESTS = Path(__file__).parent
ROOT = TESTS.parent
CONSTRAINTS = ROOT / "constraints.txt"
IMPORTABLE = str(TESTS / "importable")
"""What tests share by importing it, and worker processes as well."""
if IMPORTABLE not in os.environ.get("PYTHONPATH", "").split(os.pathsep):
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [IMPORTABLE, os.environ.get("PYTHONPATH")]))

WITHOUT_LINUX = "INFER_COMPARE_TEST_WITHOUT_LINUX"
"""Set, it hides from the tests and their processes what only Linux tells: see `without_linux`."""
if os.environ.get(WITHOUT_LINUX):
    os.environ["PYTHONPATH"] = f"{TESTS / 'without_linux'}{os.pathsep}{os.environ['PYTHONPATH']}"
    sys.path.insert(0, IMPORTABLE)
    importlib.import_module("without_linux")

ALONE = (
    "core/phases/test_accelerators.py",
    "core/phases/test_busy_machine.py",
    "core/phases/test_short_peaks.py",
    "core/selftest/test_selftest_trial.py",
    "faults",
)
"""Where time, memory or the load of the machine is measured: another test beside them would be in the way."""
ALONE_FOLDERS = ("core/phases", "core/selftest", "faults")
"""Where the Makefile looks for tests that must run alone."""


SPREAD = (
    "core/cli/test_interrupts.py",
    "core/cli/test_own_models.py",
    "core/cli/test_resume_command.py",
    "core/phases/test_phases.py",
    "core/phases/test_restarts.py",
    "core/worker",
    "docs/test_pages.py",
    "kit/test_mutants.py",
)
"""Where tests take long and share nothing that takes long to make: each may run in any of several processes."""
TOGETHER = (
    (
        "backends/tensorflow",
        "backends/test_importer_refusals.py",
        "backends/torch/test_torch_node_coverage.py",
        "kit/test_builtin_conformance.py::TestTensorFlow",
    ),
    ("backends/ray",),
    ("packaging/test_wheel.py", "examples/test_openvino_example.py"),
)
"""What runs in one process: importing TensorFlow, starting a cluster, building the wheel and making the cases of ONNX take seconds."""
FIRST = (
    "docs/test_coverage_page.py",
    "docs/test_notebook.py",
    "docs/test_pages.py",
    "packaging/test_wheel.py",
    "examples/test_openvino_example.py",
    "backends/ray",
    "backends/tensorflow",
    "backends/test_importer_refusals.py",
    "backends/test_transformers_models.py",
    "browser/test_what_if.py",
    "kit",
    "examples",
    "core/api/test_live_models.py",
    "core/comparison/test_guard_in_practice.py",
    "backends/torch",
    "core/cli",
    "core/phases",
    "core/store/test_any_stored_run.py",
    "core/models/test_models_builtin.py",
    "browser",
)
"""What takes longest in one piece is begun first, so that no process is left with it at the end."""


INSTALLING_S = 900
"""Packages are loaded from the network."""
HERE = ("--no-build-isolation", "--check-build-dependencies")
"""Options of pip to build a project with the packages of the environment, and not in a fresh one for each project."""


@pytest.fixture(scope="session", autouse=True)
def one_peak():
    """What the machine can do at most is measured once for all sweeps of this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(peak, "measure", cache(peak.measure))
        yield


@pytest.fixture(scope="session", autouse=True)
def brief_look():
    """Before a run, and for a dry one, the machine is watched for a moment that costs no time; tests of it say theirs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conditions, "OBSERVED_S", 0.01)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_wait_for_the_disk():
    """Each record of a run is forced to the disk, which takes 5 to 20 ms and shows only where power fails.

    Tests of the run file put a function in this place that notes what is forced, or that fails.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _descriptor: None)
        yield


@pytest.fixture
def open_gate(monkeypatch):
    """What else runs on the machine decides nothing in this process."""
    for name in ("rejection", "crowd"):
        monkeypatch.setattr(f"infer_compare.environment.gate.{name}", lambda *_args, **_kwargs: None)


@pytest.fixture(scope="session")
def run_apart():
    """Runs a command in a folder, without what the variables of this environment would bring into another one."""

    def run(*command, cwd, timeout, **variables):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
        return subprocess.run(
            [str(one) for one in command],
            cwd=cwd,
            env={**kept, **variables},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """Makes a folder once for all processes of the session: its name, and what fills it."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def make(name, fill):
        folder, filled = base / name, base / f"{name}.filled"
        with (base / f"{name}.lock").open("w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not filled.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                fill(folder)
                filled.touch()
        return folder

    return make


def packages_of(folder):
    """Where the packages of the virtual environment of a folder are."""
    (place,) = (folder / "venv").glob("lib/python*/site-packages")
    return place


@pytest.fixture(scope="session")
def new_environment(run_apart):
    """Makes a virtual environment `venv` in a folder, and returns what calls pip on it.

    It has nothing in it, and sees the packages in other places. The pip is that of this environment, and modules are
    compiled when they are imported: most never are.
    """

    def make(folder, *seen):
        python = folder / "venv" / "bin" / "python"

        def pip(verb, *arguments):
            compiled = ("--no-compile",) if verb == "install" else ()
            command = (sys.executable, "-m", "pip", "--python", python, verb, *compiled, *arguments)
            done = run_apart(*command, cwd=folder, timeout=INSTALLING_S)
            assert done.returncode == 0, done.stderr

        done = run_apart(
            sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder, timeout=INSTALLING_S
        )
        assert done.returncode == 0, done.stderr
        lines = "".join(f"import site; site.addsitedir({str(place)!r})\n" for place in seen)
        (packages_of(folder) / "seen.pth").write_text(lines, encoding="utf-8")
        return pip

    return make


@pytest.fixture(scope="session")
def builder(shared, new_environment):
    """The folder of packages that this tree and the projects of `plugin new` are built with, also editable ones."""
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    return packages_of(shared("builder", lambda folder: new_environment(folder)("install", *needed, "editables")))


@pytest.fixture(scope="session")
def program_apart(run_apart):
    """Runs the program that is installed in the environment of a folder, briefly, whatever else the machine does."""

    def run(folder, *arguments):
        brief = {"PYTHONPATH": str(TESTS / "calm"), "INFER_COMPARE_TEST_RESTARTS": "1"}
        program = folder / "venv" / "bin" / "infer-compare"
        return run_apart(program, *arguments, cwd=folder, timeout=INSTALLING_S, **brief)

    return run


@pytest.fixture(scope="session")
def wheels(shared, builder, new_environment):
    """A folder with the wheels of this tree and of the example plugins."""
    projects = (ROOT, *ROOT.glob("examples/infer-compare-*"))

    def build(folder):
        pip = new_environment(folder, builder)
        pip("wheel", "--no-deps", *HERE, "--wheel-dir", folder, *projects)

    return shared("wheels", build)


@pytest.fixture(scope="session")
def core_wheel(wheels):
    """The wheel of this tree."""
    (wheel,) = wheels.glob("infer_compare-*.whl")
    return wheel


@pytest.fixture(scope="session")
def clean_environment(shared, new_environment, core_wheel):
    """A folder with a virtual environment that has the wheel of this tree with ONNX Runtime, and nothing else."""

    def install(folder):
        new_environment(folder)("install", "-c", CONSTRAINTS, f"{core_wheel}[onnx]")

    return shared("clean", install)


@pytest.fixture(scope="session")
def plugin_environment(tmp_path_factory, clean_environment, new_environment, wheels, core_wheel):
    """Makes a folder with a virtual environment that has the wheels of this tree and of an example plugin.

    Beside them there is what the plugin and its tests need, and ONNX Runtime.
    """

    def make(plugin):
        folder = tmp_path_factory.mktemp(plugin)
        pip = new_environment(folder, packages_of(clean_environment))
        (wheel,) = wheels.glob(f"{plugin.replace('-', '_')}-*.whl")
        # The program is to be that of this environment.
        pip("install", "--no-deps", "--ignore-installed", core_wheel)
        pip("install", "-c", CONSTRAINTS, f"{wheel}[test]")
        return folder

    return make


@pytest.fixture(scope="session")
def calm():
    """The variables of processes whose runs are short, and are held up by nothing else on the machine.

    For tests that show that commands work; those that show how the program measures leave it as it is.
    """

    def variables(*folders, restarts=1):
        path = os.pathsep.join(filter(None, [str(TESTS / "calm"), *map(str, folders), os.environ.get("PYTHONPATH")]))
        return {"PYTHONPATH": path, "INFER_COMPARE_TEST_RESTARTS": str(restarts)}

    return variables


@cache
def _place(path: Path) -> str:
    return path.relative_to(TESTS).as_posix() if path.is_relative_to(TESTS) else ""


@cache
def _rank(path: Path) -> int:
    place = _place(path)
    return next((rank for rank, one in enumerate(FIRST) if place.startswith(one)), len(FIRST))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests that must run alone, and puts those that take longest before the others."""
    for item in items:
        place = _place(item.path)
        if item.get_closest_marker("linux") and (sys.platform != "linux" or os.environ.get(WITHOUT_LINUX)):
            item.add_marker(pytest.mark.skip("asks what only Linux tells"))
        if place.startswith(ALONE):
            item.add_marker("alone")
        if item.get_closest_marker("alone") and not place.startswith(ALONE_FOLDERS):
            raise pytest.UsageError(
                f"{item.nodeid} must run alone, and the Makefile starts no such test of its folder."
            )
    items.sort(key=lambda item: _rank(item.path))


class Spreading(LoadFileScheduling):
    """Keeps the tests of a file in one process, unless they share nothing, or share more with those of other files."""

    def _split_scope(self, nodeid: str) -> str:
        place = nodeid.removeprefix("tests/")
        if group := next((places for places in TOGETHER if place.startswith(places)), None):
            return group[0]
        return nodeid if place.startswith(SPREAD) else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Spreading:
    """Which test runs in which of several processes, in the order of the list."""
    config.option.loadscopereorder = False
    return Spreading(config, log)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Tests often wait, for a worker to start or a deadline to pass: one process more than cores keeps these busy."""
    return 1 + (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
