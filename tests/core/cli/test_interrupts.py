"""Ctrl-C, SIGTERM and SIGKILL at the command line, with real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from fault_injection import fake
from fault_injection.shadowed import Constants, command
from infer_compare.api import load_run
from infer_compare.environment.threads import usable_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from infer_compare.results import Run

WAIT_S = 60.0
FLUSHED_S = 0.5
ENDLESS = f"{fake.__file__}:FakeBackend:label=slow,fixed_us=20000"


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts `infer-compare run` in a process group of its own, whatever else the machine does."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        words = ("run", "mlp", "--output", "run", "--threads", "1", *arguments)
        process = subprocess.Popen(
            [*command(tmp_path / "shadow.jsonl", Constants()), *words],
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def eventually(condition: Callable[[], bool], process: subprocess.Popen[str] | None = None) -> None:
    """Waits until something holds, and fails when it never does."""
    until = time.monotonic() + WAIT_S
    while not condition():
        assert process is None or process.poll() is None, process.communicate()
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


def stored(folder: Path) -> Run:
    """The run as it lies on disk; an empty one while there is none."""
    return load_run(folder / "run")


def began(folder: Path, kind: str) -> Callable[[], bool]:
    """Whether a kind of record is on disk."""
    path = folder / "run" / "run.jsonl"
    return lambda: path.exists() and f'"type":"{kind}"'.encode() in path.read_bytes()


def flushed(folder: Path, kind: str) -> Callable[[], bool]:
    """Whether a kind of record is on disk, and nothing was written since for longer than flushing takes: an interrupt during
    that takes the record back.
    """
    path, there = folder / "run" / "run.jsonl", began(folder, kind)
    return lambda: there() and time.time() - path.stat().st_mtime > FLUSHED_S


def workers(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The worker processes that live now."""
    children = psutil.Process(process.pid).children(recursive=True)
    return [one for one in children if "infer_compare.worker" in one.cmdline()]


def gone(processes: list[psutil.Process]) -> bool:
    """Whether none of the processes is left."""
    return not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in processes)


@pytest.mark.parametrize(
    ("moment", "number"),
    [("start", signal.SIGINT), ("probe", signal.SIGTERM), ("round", signal.SIGINT), ("round", signal.SIGTERM)],
)
def test_an_interrupt_keeps_what_was_stored_and_leaves_no_worker(
    started: Callable[..., subprocess.Popen[str]], tmp_path: Path, moment: str, number: signal.Signals
) -> None:
    """Whatever it was doing; a second signal is not needed."""
    mine = tmp_path / "run" / ".scratch" / "mine"
    mine.parent.mkdir(parents=True)
    mine.write_text("of the user", encoding="utf-8")
    process = started("-b", ENDLESS, "--batch-sizes", "1,2,4", "--thorough")
    eventually(began(tmp_path, moment), process)
    alive = workers(process)
    os.kill(process.pid, number)
    _, errors = process.communicate(timeout=WAIT_S)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "Results so far are in run" in errors
    closing = stored(tmp_path).closing
    assert closing is not None
    assert closing.state == "interrupted"
    eventually(lambda: gone(alive))
    assert sorted(one.name for one in (tmp_path / "run").iterdir()) == [".scratch", "run.jsonl"]
    assert mine.exists()


def test_an_interrupt_of_the_whole_process_group_ends_a_worker_that_hangs(
    started: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    """As the terminal sends it: to everything in the foreground."""
    process = started("-b", f"{fake.__file__}:FakeBackend:label=stuck,hang_in=run", "--batch-sizes", "1")
    eventually(began(tmp_path, "start"), process)
    eventually(lambda: bool(workers(process)), process)
    alive = workers(process)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=WAIT_S)
    assert process.returncode == 130
    eventually(lambda: gone(alive))


def test_a_killed_parent_leaves_no_worker_and_a_run_that_can_be_read(
    started: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    """Also where the worker is suspended at that moment."""
    process = started("-b", ENDLESS, "-b", ENDLESS.replace("slow", "idle"), "--batch-sizes", "1,2,4", "--thorough")
    eventually(began(tmp_path, "round"), process)
    alive = workers(process)
    # With several cores the workers of the second restart have started, too. At most one of all is not suspended.
    assert len(alive) == (4 if usable_cores() > 1 else 2)
    process.kill()
    process.wait()
    eventually(lambda: gone(alive))
    run = stored(tmp_path)
    assert run.rounds
    assert run.closing is None


def test_a_second_interrupt_does_not_wait_for_a_worker_that_does_not_go(
    started: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    """It computes for hours and hears neither; nothing is left of it, and what was stored is kept."""
    process = started("-b", f"{fake.__file__}:FakeBackend:label=stuck,fixed_us=3600000000", "--batch-sizes", "1")
    eventually(flushed(tmp_path, "start"), process)
    eventually(lambda: bool(workers(process)), process)
    alive = workers(process)
    os.kill(process.pid, signal.SIGINT)
    time.sleep(0.2)
    if process.poll() is None:
        os.kill(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=WAIT_S)
    assert process.returncode == 130
    assert "Traceback" not in errors
    eventually(lambda: gone(alive))
    assert stored(tmp_path).starts


SWALLOWED = """
import os, signal, sys, time
from infer_compare.cli.interrupts import heard

class Slow:
    def __del__(self):
        os.kill(os.getpid(), signal.{number})
        time.sleep({finaliser_s})
        print("the finaliser went on")

try:
    with heard():
        one = Slow()
        del one
        time.sleep({rest_s})
        print("the program went on")
except KeyboardInterrupt:
    print("heard")
"""


@pytest.mark.parametrize("rest_s", [60, 0])
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_an_interrupt_that_comes_in_a_finaliser_is_heard_after_it(number: str, rest_s: int) -> None:
    """The interpreter ignores what is raised there; also where the program is about to end."""
    script = SWALLOWED.format(number=number, finaliser_s=0.05, rest_s=rest_s)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=WAIT_S / 2, check=True
    )
    # The finaliser is cut off in its sleep, without a word about what was ignored.
    assert "the finaliser went on" not in done.stdout
    assert done.stdout.splitlines()[-1] == "heard"
    assert done.stderr == ""


def test_other_complaints_of_finalisers_are_told_as_before() -> None:
    """Only interrupts are taken."""
    script = """
from infer_compare.cli.interrupts import heard

class Broken:
    def __del__(self):
        raise ValueError("a defect")

with heard():
    one = Broken()
    del one
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=WAIT_S / 2, check=True
    )
    assert "ValueError: a defect" in done.stderr
