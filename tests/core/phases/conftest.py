"""Sweeps with scripted backends in real worker processes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from fault_injection import fake
from infer_compare import api
from infer_compare.plugins import Plugins
from infer_compare.request.options import RunOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from infer_compare.phases.events import Observer
    from infer_compare.results import Run

FAKE = fake.__file__


def contender(label: str, **options: object) -> str:
    """A fake contender, as it would be typed after `-b`."""
    words = ",".join(f"{key}={value}" for key, value in {"label": label, **options}.items())
    return f"{FAKE}:FakeBackend:{words}"


@pytest.fixture(autouse=True)
def gate(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., str | None]], None]:
    """Opens the gate, so that what else runs on the machine decides no test; a test may set a gate of its own."""

    def use(rule: Callable[..., str | None]) -> None:
        monkeypatch.setattr("infer_compare.phases.restart_workers.rejection", rule)

    def never(*_args: object, **_kwargs: object) -> None:
        return None

    use(never)
    monkeypatch.setattr("infer_compare.phases.busy.rejection", never)
    return use


@pytest.fixture
def sweep(tmp_path: Path) -> Callable[..., Run]:
    """Runs a sweep of fake contenders and checks that it leaves no process behind."""
    installed = Plugins.discover(block=["*", "torch", "tensorflow"])

    def run(
        *contenders: str,
        observer: Observer | None = None,
        folder: str = "run",
        plugins: Plugins = installed,
        **request: Any,
    ) -> Run:
        asked = {"model": "mlp", "batch_sizes": (1, 2), "mode": "quick", "threads": 1}
        asked |= {"restarts": 1, "rounds": 1, **request}
        result = api.sweep(
            RunOptions(contenders=contenders, **asked), tmp_path / folder, plugins=plugins, observer=observer
        )
        assert not psutil.Process(os.getpid()).children(recursive=True)
        return result

    return run
