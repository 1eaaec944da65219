"""Every process that a run has started ends with it, whatever the process has done to get away."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from infer_compare.api import load_run

from .conftest import BACKEND, WAIT_S, is_alive, numbers, until
from .parenting_backend import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from infer_compare.worker.supervisor import Process


def command(verb: str, pids: Path, **options: object) -> list[str]:
    """`infer-compare` with a contender that starts processes."""
    words = ",".join(f"{key}={value}" for key, value in {"label": "parent", "pids": pids, **options}.items())
    contender = f"{BACKEND}:ParentingBackend:{words}"
    return [sys.executable, "-m", "infer_compare", verb, "mlp", "--threads", "1", "-b", contender]


def test_a_worker_that_ends_takes_its_own_processes_along_and_no_other_worker_s(
    parent: Callable[..., Process], pids: Path, tmp_path: Path, shared: Path
) -> None:
    """Those in another session too, those that are deaf or stopped, and those with another environment.

    Its files of shared memory are removed. While it is suspended, so is a process in another session.
    """
    before = set(psutil.Process().children())
    others = tmp_path / "others"
    others.mkdir()
    staying = parent(others)
    leaving = parent(pids, shared=str(shared))
    assert set(numbers(pids)) == set(KINDS)
    leaving._look(now=True)
    leaving.suspend()
    detached = psutil.Process(numbers(pids)["detached"])
    until(lambda: detached.status() == psutil.STATUS_STOPPED)
    leaving.resume()
    until(lambda: detached.status() != psutil.STATUS_STOPPED)
    assert shared.exists()
    leaving.close()
    assert not shared.exists()
    assert not [kind for kind, pid in numbers(pids).items() if is_alive(pid)]
    assert all(is_alive(pid) for pid in numbers(others).values())
    staying.kill()
    assert not [kind for kind, pid in numbers(others).items() if is_alive(pid)]
    # The guard has gone as well.
    assert set(psutil.Process().children()) <= before


def test_a_killed_run_leaves_no_process_and_no_file(pids: Path, tmp_path: Path, shared: Path) -> None:
    """`kill -9` while a worker has processes of every kind and a file of shared memory."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    process = subprocess.Popen(
        command("check", pids, hang_in="run", shared=shared),
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until((pids / "run").exists)
    assert set(numbers(pids)) == set(KINDS)
    assert shared.exists()
    assert list(temporary.iterdir())
    family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    began = time.monotonic()
    until(lambda: not any(is_alive(pid) for pid in (*numbers(pids).values(), *(one.pid for one in family))))
    until(lambda: not list(temporary.iterdir()))
    until(lambda: not shared.exists())
    assert time.monotonic() - began < 20


@pytest.mark.slow
def test_a_hangup_closes_the_run_as_interrupted_and_leaves_no_process(pids: Path, tmp_path: Path) -> None:
    """As a lost connection sends it; the exit code is that of an interrupt, and the run can be resumed."""
    process = subprocess.Popen(
        [*command("run", pids, fixed_us=20_000), "--batch-sizes", "1:64:+1", "-o", "run"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: probed(tmp_path / "run" / "run.jsonl"))
    process.send_signal(signal.SIGHUP)
    _, errors = process.communicate(timeout=WAIT_S)
    assert process.returncode == 130
    assert "infer-compare run --resume run" in errors
    assert set(numbers(pids)) == set(KINDS)
    assert not [kind for kind, pid in numbers(pids).items() if is_alive(pid)]
    closing = load_run(tmp_path / "run").closing
    assert closing is not None
    assert closing.state == "interrupted"


@pytest.mark.slow
def test_a_terminal_that_is_closed_interrupts_the_run_in_it(pids: Path, tmp_path: Path) -> None:
    """Nothing that it would still print is an error."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(tmp_path)
        words = [*command("run", pids, fixed_us=20_000, kinds="detached"), "--batch-sizes", "1:64:+1", "-o", "run"]
        os.execv(sys.executable, words)
    until(lambda: (_shown(terminal), probed(tmp_path / "run" / "run.jsonl"))[1])
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 130
    assert not is_alive(numbers(pids)["detached"])
    closing = load_run(tmp_path / "run").closing
    assert closing is not None
    assert closing.state == "interrupted"


def probed(file: Path) -> bool:
    """Whether a size has been tried."""
    return file.exists() and b'{"type":"probe"' in file.read_bytes()


def _shown(terminal: int) -> bytes:
    return os.read(terminal, 65536) if select.select([terminal], [], [], 0.05)[0] else b""
