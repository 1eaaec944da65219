"""A session of a built-in model in this process, as the benchmarks that need no worker use it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from infer_compare.interfaces import Device, ModelSource, Settings
from infer_compare.models.builtin import builtin_models
from infer_compare.plugins import Plugins, read_options

if TYPE_CHECKING:
    from collections.abc import Callable

    import onnx
    from numpy.typing import NDArray

    from infer_compare.interfaces import Session

BUFFERS = 4


def open_session(backend: str, model: str | onnx.ModelProto, threads: int) -> tuple[Any, Session[Any]]:
    """What a backend loaded of a built-in model, or of one that is given, and its session on the processor."""
    made_model = builtin_models()[model].build(0) if isinstance(model, str) else model
    name = model if isinstance(model, str) else model.graph.name
    kind = Plugins.discover().find(backend).backend
    made = kind(Settings(options=read_options(kind, {}), threads=threads))
    made.version()
    with tempfile.TemporaryDirectory(prefix="infer-compare-benchmark-") as folder:
        path = Path(folder) / f"{name}.onnx"
        path.write_bytes(made_model.SerializeToString())
        loaded = made.load(ModelSource(format="onnx", location=str(path), name=name))
        return loaded, made.to_device(loaded, Device("cpu"))


def batches_of(session: Session[Any], size: int) -> list[NDArray[Any]]:
    """Random batches for the one input of a session."""
    (spec,) = session.inputs
    rng = np.random.default_rng(0)
    shape = (size, *map(int, spec.shape[1:]))
    return [rng.standard_normal(shape).astype(spec.dtype) for _ in range(BUFFERS)]


def calls_of(session: Session[Any], batches: list[NDArray[Any]]) -> list[Callable[[], None]]:
    """One call per batch of the one input that runs it and waits for it."""
    return calls_of_batches(session, [[batch] for batch in batches])


def calls_of_batches(session: Session[Any], batches: list[list[NDArray[Any]]]) -> list[Callable[[], None]]:
    """One call per batch of all inputs that runs it and waits for it."""

    def call(slot: object) -> Callable[[], None]:
        def run() -> None:
            session.run(slot)
            session.synchronize()

        return run

    return [call(session.stage(batch)) for batch in batches]
