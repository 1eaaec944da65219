"""Real worker processes with scripted backends."""

from __future__ import annotations

import os
import select
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil  # type: ignore[import-untyped] # it ships no types
import pytest

from fault_injection import fake
from identity_model import identity
from infer_compare.interfaces import ModelSource, OperatingPoint
from infer_compare.worker.protocol import Explore, Inputs, Load, Open, Reply
from infer_compare.worker.supervisor import Process, process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infer_compare.worker.supervisor import Watchdog

WAIT_S = 90.0
"""For what ends by itself; a machine may be busy."""
MISBEHAVING = Path(__file__).with_name("misbehaving_backends.py")


def reference(name: str = "FakeBackend") -> str:
    """How a worker finds a backend class: the fake, or one that misbehaves."""
    return f"file:{fake.__file__ if name == 'FakeBackend' else MISBEHAVING}:{name}"


def opening(name: str = "FakeBackend", **options: object) -> Open:
    """The first request."""
    return Open(backend=reference(name), options={key: str(value) for key, value in options.items()}, threads=1, seed=0)


def explore(batch: int = 2) -> Explore:
    """Three calls, and no more."""
    return Explore(point=OperatingPoint(batch), budget_ns=0)


class Lab:
    """Starts workers, and ends those that a test left."""

    def __init__(self, model: ModelSource, inputs: Path) -> None:
        self.model = model
        self.inputs = inputs
        self.processes: list[Process] = []

    def spawn(self, watchdog: Watchdog | None = None) -> Process:
        """A process that was asked nothing yet."""
        self.processes.append(Process(watchdog=watchdog))
        return self.processes[-1]

    def opened(self, name: str = "FakeBackend", watchdog: Watchdog | None = None, **options: object) -> Process:
        """A worker with a backend."""
        worker = self.spawn(watchdog)
        self.answer(worker, opening(name, **options))
        return worker

    def ready(self, name: str = "FakeBackend", watchdog: Watchdog | None = None, **options: object) -> Process:
        """A worker with a model and inputs: its next request is its fourth."""
        worker = self.opened(name, watchdog, **options)
        self.answer(worker, Load(model=self.model, device="cpu"))
        self.answer(worker, Inputs(paths=(str(self.inputs),)))
        return worker

    @staticmethod
    def answer(worker: Process, request: Open | Load | Inputs | Explore) -> Reply:
        """The answer, however long a busy machine takes."""
        return worker.ask(request, WAIT_S)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelSource:
    """A file with one input."""
    return identity(tmp_path_factory.mktemp("model"))


@pytest.fixture
def lab(model: ModelSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """Workers are given little time to go, since those of these tests do not mean to."""
    monkeypatch.setattr(process, "POLITE_S", 0.3)
    monkeypatch.setattr(process, "GRACE_S", 0.3)
    inputs = tmp_path / "inputs.npy"
    np.save(inputs, np.ones((16, 3), np.float32))
    found = Lab(model, inputs)
    yield found
    for worker in found.processes:
        worker.kill()


def until(condition: Callable[[], bool]) -> None:
    """Waits for something that is bound to happen."""
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def is_stopped(pid: int) -> bool:
    """Whether a process was stopped by a signal."""
    return bool(psutil.Process(pid).status() == psutil.STATUS_STOPPED)


class ProcessEnd:
    """The end of any process, also of one that is nobody's child here."""

    def __init__(self, pid: int) -> None:
        self._descriptor = os.pidfd_open(pid)

    def comes(self, seconds: float = WAIT_S) -> bool:
        """Whether the process ends in that time."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        try:
            return bool(poll.poll(seconds * 1000))
        finally:
            os.close(self._descriptor)
