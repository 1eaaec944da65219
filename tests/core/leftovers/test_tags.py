"""Processes are known by the tag that they inherit, and by nothing that another run has too."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from infer_compare.worker.supervisor import remains
from infer_compare.worker.supervisor.guard import environment

from .conftest import is_alive, until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    import pytest

    Start = Callable[..., subprocess.Popen[str]]

SLEEP = "import time; print(flush=True); time.sleep(3600)"
FORKING = """
import os, time
print(flush=True)
while os.fork() == 0:
    os.setsid()
    time.sleep(0.002)
time.sleep(3600)
"""
GUARDED = """
import os, subprocess, sys, time
sys.path[:0] = {path!r}
from infer_compare.worker.supervisor.guard import environment, guard
tag = guard().tag()
child = subprocess.Popen(["sleep", "3600"], env=environment(tag), start_new_session=True)
if os.fork() == 0:
    time.sleep(3600)
print(child.pid, guard()._process.pid, flush=True)
time.sleep(3600)
"""


def tagged(start: Start, tag: str, source: str = SLEEP) -> subprocess.Popen[str]:
    """A process with a tag, which has begun."""
    process = start(source, tag)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_ending_a_worker_s_processes_ends_those_of_no_other_worker_and_no_other_run(start: Start) -> None:
    """Also where one tag begins like another; a run within a worker is the worker's."""
    own = [tagged(start, tag) for tag in ("cafe.1", "cafe.1:f00d.7", "beef.2:cafe.1")]
    others = [tagged(start, tag) for tag in ("cafe.10", "cafe.2", "cafe1.1", "xcafe.1", "")]
    assert remains.end("cafe.1")
    assert not any(is_alive(one.pid) for one in own)
    assert all(is_alive(one.pid) for one in others)
    assert remains.end("cafe")
    assert [is_alive(one.pid) for one in others] == [False, False, True, True, True]


def test_processes_that_start_others_while_they_are_ended_are_all_ended(start: Start) -> None:
    """Each of them in a session of its own."""
    first = tagged(start, "fade.1", FORKING)
    until(lambda: sum(remains.carries(pid, "fade.1") for pid in remains.processes()) > 5)
    assert remains.end("fade.1")
    assert not is_alive(first.pid)
    assert not any(remains.carries(pid, "fade.1") for pid in remains.processes())


def test_a_run_within_a_worker_adds_its_tag_to_the_worker_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both runs find its processes."""
    monkeypatch.delenv(remains.VARIABLE, raising=False)
    assert environment("f00d.1")[remains.VARIABLE] == "f00d.1"
    monkeypatch.setenv(remains.VARIABLE, "cafe.1")
    assert environment("f00d.1")[remains.VARIABLE] == "cafe.1:f00d.1"


def test_the_guard_acts_when_its_process_is_killed_whoever_else_holds_the_pipe(start: Start) -> None:
    """A fork of the process has inherited it."""
    parent = start(GUARDED.format(path=sys.path))
    assert parent.stdout is not None
    child, guard = map(int, parent.stdout.readline().split())
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(guard, number)
    assert is_alive(child)
    parent.kill()
    parent.wait()
    until(lambda: not is_alive(child) and not is_alive(guard))
