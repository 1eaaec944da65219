"""A parent that is killed takes its workers along, whatever they are doing."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import msgspec
import pytest

from .conftest import ProcessEnd, is_stopped, opening, until  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PARENT = """
import sys

import msgspec

from infer_compare.worker.protocol import Open, send
from infer_compare.worker.supervisor import Process

state, request = sys.argv[1], msgspec.json.decode(sys.argv[2], type=Open)
worker = Process()
if state == "hanging":
    # Asked, and not waited for.
    send(worker._requests, request)
elif state != "starting":
    worker.ask(request, 90)
if state == "suspended":
    worker.suspend()
print(worker.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def family() -> Iterator[Callable[[str], tuple[subprocess.Popen[str], int]]]:
    """Starts a parent with a worker in a state; returns the parent and the worker's number."""
    parents: list[subprocess.Popen[str]] = []

    def start(state: str) -> tuple[subprocess.Popen[str], int]:
        request = opening(hang_in="import") if state == "hanging" else opening()
        parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, state, msgspec.json.encode(request).decode()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        parents.append(parent)
        assert parent.stdout is not None
        return parent, int(parent.stdout.readline())

    yield start
    for parent in parents:
        parent.kill()
        parent.communicate()


@pytest.mark.parametrize("state", ["starting", "idle", "hanging", "suspended"])
def test_a_worker_does_not_outlive_a_parent_that_is_killed(
    family: Callable[[str], tuple[subprocess.Popen[str], int]], state: str
) -> None:
    """A stopped process cannot notice it by itself, and one that hangs does not look."""
    parent, worker = family(state)
    end = ProcessEnd(worker)
    if state == "suspended":
        until(lambda: is_stopped(worker))
    parent.kill()
    assert end.comes()


def test_a_worker_does_not_outlive_a_parent_that_leaves_it_behind(
    family: Callable[[str], tuple[subprocess.Popen[str], int]],
) -> None:
    """An ordinary end without a goodbye."""
    parent, worker = family("idle")
    end = ProcessEnd(worker)
    parent.communicate()
    assert parent.returncode == 0
    assert end.comes()


def test_a_worker_whose_parent_is_another_process_ends_at_once() -> None:
    """Its parent died before the kernel was told to watch over it."""
    done = subprocess.run(
        [sys.executable, "-m", "infer_compare.worker", "--requests=0", "--replies=1", "--parent=1"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=90,
    )
    assert done.returncode == 1
    assert done.stdout == b""
