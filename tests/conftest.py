"""What holds for all tests."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from infer_compare.environment import peak

# How long an example takes says something about the machine, not about the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

TESTS = Path(__file__).parent
IMPORTABLE = str(TESTS / "importable")
"""What tests share by importing it, and worker processes as well."""
if IMPORTABLE not in os.environ.get("PYTHONPATH", "").split(os.pathsep):
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [IMPORTABLE, os.environ.get("PYTHONPATH")]))

ALONE = (
    "core/phases/test_accelerators.py",
    "core/phases/test_busy_machine.py",
    "core/phases/test_short_peaks.py",
    "core/selftest/test_selftest_trial.py",
    "faults",
)
"""Where time, memory or the load of the machine is measured: another test beside them would be in the way."""


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


@pytest.fixture(scope="session", autouse=True)
def one_peak():
    """What the machine can do at most is measured once for all sweeps of this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(peak, "measure", cache(peak.measure))
        yield


@pytest.fixture(scope="session")
def run_apart():
    """Runs a command in a folder, without what the variables of this environment would bring into another one."""

    def run(*command, cwd, timeout):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
        return subprocess.run(
            [str(one) for one in command],
            cwd=cwd,
            env=kept,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def calm():
    """The variables of processes whose runs are short, and are held up by nothing else on the machine.

    For tests that show that commands work; those that show how the program measures leave it as it is.
    """

    def variables(*folders, restarts=1):
        path = os.pathsep.join(filter(None, [str(TESTS / "calm"), *map(str, folders), os.environ.get("PYTHONPATH")]))
        return {"PYTHONPATH": path, "INFER_COMPARE_TEST_RESTARTS": str(restarts)}

    return variables


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests that must run alone."""
    for item in items:
        place = item.path.relative_to(TESTS).as_posix() if item.path.is_relative_to(TESTS) else ""
        if place.startswith(ALONE):
            item.add_marker("alone")


class Spreading(LoadFileScheduling):
    """Keeps the tests of a file in one process, unless they share nothing."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if nodeid.removeprefix("tests/").startswith(SPREAD) else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Spreading:
    """Which test runs in which of several processes."""
    return Spreading(config, log)
