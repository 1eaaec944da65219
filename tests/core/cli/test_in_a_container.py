"""Commands in a control group that limits memory, as in a container: a real group, where this machine lets one be made."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infer_compare.environment.cgroup import control_groups

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MIB = 2**20
LIMITS = ("memory.limit_in_bytes", "memory.max")


class Group:
    """A control group of this test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.limit = next(path for name in LIMITS if (path := folder / name).exists())

    def run(self, limit: int, arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
        """Runs the command line in the group."""
        self.limit.write_text(str(limit))
        enter = f'echo $$ > {self.folder}/cgroup.procs && exec "$@"'
        command = ["sh", "-c", enter, "sh", sys.executable, "-m", "infer_compare", *arguments]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def group() -> Iterator[Group]:
    """A group below this process's own, or below one above it."""
    reason = "this machine has no control groups for memory"
    for parent in control_groups().memory:
        folder = Path(parent) / f"infer-compare-test-{os.getpid()}"
        try:
            folder.mkdir()
        except OSError as error:
            reason = f"no control group can be made: {error.strerror}"
            continue
        try:
            if not any((folder / name).exists() for name in LIMITS):
                reason = "the memory controller is not enabled below this process's control groups"
                continue
            yield Group(folder)
            return
        finally:
            # The kernel takes a moment to let go of a process that has ended.
            for _ in range(50):
                with contextlib.suppress(OSError):
                    folder.rmdir()
                    break
                time.sleep(0.02)
    pytest.skip(reason)


def test_doctor_names_the_control_group_whose_limit_applies(group, tmp_path) -> None:
    """Its folder, its size, what is left, the reserve, and what a worker may hold."""
    done = group.run(600 * MIB, ["doctor", "--json"], tmp_path)
    found = json.loads(done.stdout)["memory"]
    assert (found["kind"], found["group"], found["size"]) == ("control group", str(group.folder), 600 * MIB)
    assert found["reserve"] == 60 * MIB
    assert 400 * MIB < found["available"] <= 600 * MIB
    assert found["worker"] <= found["available"] - found["reserve"]


def test_workers_run_in_a_container_of_600_mib(group, tmp_path) -> None:
    """The reserve is a tenth of it, not 5 % of the machine."""
    done = group.run(600 * MIB, ["check", "mlp", "--backends", "reference"], tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("limit", [600, 1_100])
def test_a_model_is_checked_with_a_framework_in_a_small_container(group, tmp_path, limit) -> None:
    """ONNX Runtime and the reference both answer."""
    pytest.importorskip("onnxruntime")
    done = group.run(limit * MIB, ["check", "mlp", "--backends", "onnx,reference"], tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_left_does_not_shrink_by_files_that_were_read(group, tmp_path) -> None:
    """A file of 64 MiB that was written and read twice is in the group's page cache, and can be dropped."""
    program = (
        "import os, pathlib; from infer_compare.environment import memory\n"
        "path = pathlib.Path('read'); path.write_bytes(bytes(64 << 20)); os.sync()\n"
        "before = memory.limit().available\n"
        "path.read_bytes(); path.read_bytes()\n"
        "print(before - memory.limit().available)\n"
    )
    (tmp_path / "program.py").write_text(program)
    group.limit.write_text(str(200 * MIB))
    enter = f"echo $$ > {group.folder}/cgroup.procs && exec {sys.executable} program.py"
    done = subprocess.run(["sh", "-c", enter], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    assert int(done.stdout) < 32 * MIB
