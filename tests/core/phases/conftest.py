"""Sweeps with scripted backends: without processes where they can do without, in real ones where they cannot."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import onnx
import psutil
import pytest
from onnx import TensorProto, helper

from fault_injection import fake
from infer_compare import api
from infer_compare.phases.context import Surroundings
from infer_compare.plugins import Plugins
from infer_compare.request.options import RunOptions

from .virtual import Launched, virtual  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from infer_compare.phases.busy import Gate
    from infer_compare.phases.events import Observer
    from infer_compare.results import Run

FAKE = fake.__file__


def contender(label: str, **options: object) -> str:
    """A fake contender, as it would be typed after `-b`."""
    words = ",".join(f"{key}={value}" for key, value in {"label": label, **options}.items())
    return f"{FAKE}:FakeBackend:{words}"


def open_gate(*_args: object, **_kwargs: object) -> None:
    """Lets every slice count: what else runs on the machine decides no test."""


def asked(*contenders: str, **options: Any) -> RunOptions:
    """What is asked for: as little as makes a run, unless more is said."""
    few = {"model": "mlp", "batch_sizes": (1, 2), "mode": "quick", "threads": 1, "restarts": 1, "rounds": 1}
    return RunOptions(contenders=contenders, **{**few, **options})


@pytest.fixture(scope="session")
def installed() -> Plugins:
    """What is built in and imports no framework."""
    return Plugins.discover(block=["*", "torch", "tensorflow"])


@pytest.fixture
def sweep(tmp_path: Path, installed: Plugins) -> Callable[..., Run]:
    """Runs a sweep of fake contenders without processes, in a time that costs none."""

    def run(
        *contenders: str,
        observer: Observer | None = None,
        folder: str = "run",
        plugins: Plugins = installed,
        surroundings: Surroundings | None = None,
        gate: Gate = open_gate,
        **options: Any,
    ) -> Run:
        surroundings = surroundings or virtual(gate)
        result = api.sweep(
            asked(*contenders, **options),
            tmp_path / folder,
            plugins=plugins,
            observer=observer,
            surroundings=surroundings,
        )
        assert isinstance(surroundings.launch, Launched)
        assert not surroundings.launch.left
        return result

    return run


@pytest.fixture
def real_sweep(tmp_path: Path, installed: Plugins) -> Callable[..., Run]:
    """Runs a sweep of fake contenders in processes, and checks that it leaves none behind."""

    def run(
        *contenders: str,
        observer: Observer | None = None,
        surroundings: Surroundings | None = None,
        **options: Any,
    ) -> Run:
        this = psutil.Process(os.getpid())
        # Of other tests: torch keeps the processes that compile.
        before = set(this.children(recursive=True))
        result = api.sweep(
            asked(*contenders, **options),
            tmp_path / "run",
            plugins=installed,
            observer=observer,
            surroundings=surroundings or Surroundings(gate=open_gate),
        )
        assert not set(this.children(recursive=True)) - before
        return result

    return run


@pytest.fixture
def tokens(tmp_path: Path) -> str:
    """A model whose two inputs share a free axis."""
    shape = ["batch", "seq"]
    graph = helper.make_graph(
        [helper.make_node("Add", ["ids", "mask"], ["sum"]), helper.make_node("Cast", ["sum"], ["out"], to=1)],
        "tokens",
        [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in ("ids", "mask")],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, shape)],
    )
    path = tmp_path / "tokens.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return str(path)
