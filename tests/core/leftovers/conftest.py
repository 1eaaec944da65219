"""Processes that a test starts, and what is left of them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from identity_model import identity
from infer_compare.worker.protocol import Load, Loaded, Open, Opened
from infer_compare.worker.supervisor import Process, Watchdog, remains

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infer_compare.interfaces import ModelSource

WAIT_S = 60.0
BACKEND = Path(__file__).with_name("parenting_backend.py")


@pytest.fixture(autouse=True)
def _hangups_count() -> Iterator[None]:
    """Processes that a test starts hear of a hangup, also where the tests themselves were started to ignore it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def until(condition: Callable[[], object]) -> None:
    """Waits for something that is bound to happen."""
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Whether a process has not ended."""
    try:
        status = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    return status.rpartition(b")")[2].split()[0] not in {b"Z", b"X"}


def numbers(folder: Path) -> dict[str, int]:
    """The processes that a `ParentingBackend` has started, by kind."""
    return {path.stem: int(path.read_text("ascii")) for path in folder.glob("*.pid")}


@pytest.fixture
def pids(tmp_path: Path) -> Iterator[Path]:
    """A folder for the numbers of processes; what a failing test leaves is ended."""
    folder = tmp_path / "pids"
    folder.mkdir()
    yield folder
    for pid in numbers(folder).values():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Path]:
    """A name for a file of shared memory."""
    path = Path("/dev/shm") / f"infer-compare-test-{os.getpid()}-{tmp_path.name}"
    yield path
    path.unlink(missing_ok=True)


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts Python, which carries a tag where one is given."""
    started: list[subprocess.Popen[str]] = []

    def run(source: str, tag: str = "") -> subprocess.Popen[str]:
        environment = {**os.environ, **({remains.VARIABLE: tag} if tag else {})}
        process = subprocess.Popen(
            [sys.executable, "-S", "-c", source],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelSource:
    """A file with one input."""
    return identity(tmp_path_factory.mktemp("model"))


@pytest.fixture
def parent(model: ModelSource) -> Iterator[Callable[..., Process]]:
    """Starts a worker that starts processes while it loads a model."""
    workers: list[Process] = []

    def begin(pids: Path, watchdog: Watchdog | None = None, **options: str) -> Process:
        worker = Process(watchdog=watchdog)
        workers.append(worker)
        asked = {"pids": str(pids), **options}
        opening = Open(backend=f"file:{BACKEND}:ParentingBackend", options=asked, threads=1, seed=0)
        assert isinstance(worker.ask(opening, WAIT_S), Opened)
        assert isinstance(worker.ask(Load(model=model, device="cpu"), WAIT_S), Loaded)
        return worker

    yield begin
    for worker in workers:
        worker.kill()
