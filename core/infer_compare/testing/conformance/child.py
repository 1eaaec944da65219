"""Observations in a fresh process, run with `python -m`: they could disturb this process or would not be visible in it."""

from __future__ import annotations

import gc
import os
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from infer_compare.environment import memory
from infer_compare.errors import BackendUnusable, DeviceUnavailable, OptionError, UnsupportedModel
from infer_compare.foreign import one_line, text_of
from infer_compare.interfaces import Device, Machine, ModelSource, OperatingPoint, Settings
from infer_compare.plugins import load_backend, read_options
from infer_compare.testing.conformance.hidden_onnx import HiddenOnnx
from infer_compare.testing.conformance.jobs import (
    MORE_CYCLES,
    Cycles,
    Effective,
    Exhausted,
    Job,
    Loads,
    Proposals,
    Reading,
    Threads,
)
from infer_compare.testing.conformance.occupancy import observe

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.interfaces import Backend, Session
    from infer_compare.interfaces.backend import Array

CYCLES = 20
"""Number of sessions, of which the last ten count."""
MOST_CYCLES = 60
"""If memory grew over the last ten sessions, ten more are run, up to this many: a leak grows in every ten, unlike what an
allocator or larger pages of the kernel took once."""
MOST_CANDIDATES = 100
FIRST_BATCH = 256
LARGEST_BATCH = 1 << 20


def _make(job: Job) -> Backend[Any]:
    backend = load_backend(job.backend)
    options = read_options(backend, job.options)
    return backend(Settings(options=options, threads=job.threads, instances=job.instances))


def _open(job: Job) -> tuple[Backend[Any], Session[Any]]:
    made = _make(job)
    made.version()
    return made, _place(made, job)


def _place(made: Backend[Any], job: Job) -> Session[Any]:
    assert job.model is not None
    return made.to_device(made.load(job.model), Device.parse(job.device))


def _batch(job: Job, size: int) -> tuple[Array, ...]:
    import numpy as np

    return tuple(np.take(np.load(path), np.arange(size), axis=0, mode="wrap") for path in job.inputs)


def _run(session: Session[Any], batch: tuple[Array, ...]) -> None:
    session.prepare(OperatingPoint(len(batch[0])))
    slot = session.stage(batch)
    session.run(slot)
    session.synchronize()
    session.fetch(slot)
    session.release(slot)


def loads(job: Job) -> Loads:
    """Return the modules loaded by importing the plugin, creating a backend and classifying an error."""
    loaded = _loaded_now(job)
    load_backend(job.backend)
    importing = loaded()
    made = _make(job)
    making = loaded()
    made.classify(RuntimeError("something else"))
    return Loads(importing=importing, making=making, classifying=loaded())


def proposals(job: Job) -> Proposals:
    """Return the modules loaded by asking for configurations and for code."""
    backend = load_backend(job.backend)
    settings = Settings(options=backend.options(), threads=1)
    loaded = _loaded_now(job)
    for kind in backend.capabilities.device_kinds:
        tuple(islice(backend.candidates(Machine(device_kinds=(kind,))), MOST_CANDIDATES))
    listing = loaded()
    for name in (*backend.capabilities.formats, *backend.capabilities.imports):
        source = ModelSource(format=name, location=f"the-model.{name}", name="the-model")
        backend.snippet(source, settings, Device(backend.capabilities.device_kinds[0]))
    return Proposals(listing=listing, writing=tuple(module for module in loaded() if module not in listing))


def _loaded_now(job: Job) -> Callable[[], tuple[str, ...]]:
    """Return a function that returns the modules of `requires` loaded since this call."""
    before = set(sys.modules)
    return lambda: tuple(module for module in job.requires if module in sys.modules and module not in before)


def cycles(job: Job) -> Cycles:
    """Load, run and close a model repeatedly, and return the memory after each session."""
    batch = _batch(job, 8)
    made = _make(job)
    made.version()
    resident: list[int] = []
    while True:
        session = _place(made, job)
        _run(session, batch)
        session.close()
        del session
        gc.collect()
        resident.append(memory.resident(os.getpid()))
        if len(resident) < CYCLES or len(resident) % MORE_CYCLES:
            continue
        done = Cycles(resident=tuple(resident), peak=memory.peak_resident(os.getpid()) or max(resident))
        if done.kept <= done.allowed or len(resident) >= MOST_CYCLES:
            return done


def exhaust(job: Job) -> Exhausted:
    """Double the batch under a memory limit until an error is raised, and return its classification."""
    made, session = _open(job)
    _run(session, _batch(job, 1))
    memory.refuse_beyond(memory.resident(os.getpid()) + job.cap)
    size = FIRST_BATCH
    while size <= LARGEST_BATCH:
        try:
            batch = _batch(job, size)
        except MemoryError:
            # Not even the inputs fit, which is independent of the backend.
            break
        try:
            _run(session, batch)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is to be classified
            text = f"{type(error).__name__}: {one_line(text_of(error), 300)}"
            return Exhausted(batch=size, kind=made.classify(error).kind, error=text)
        size *= 2
    return Exhausted(batch=size, kind="")


def threads(job: Job) -> Threads:
    """Run a heavy model and observe how many threads compute."""
    _, session = _open(job)
    batch = _batch(job, 256)
    session.prepare(OperatingPoint(256))
    slot = session.stage(batch)

    def call() -> None:
        session.run(slot)
        session.synchronize()
        # Fetch only to limit the queued work of a session that does not wait.
        session.fetch(slot)

    for _ in range(2):
        call()
    seen = observe(call)
    told = session.effective.get("threads")
    session.close()
    return Threads(told=told, seen=seen)


def effective(job: Job) -> Effective:
    """Return the effective settings of a session with each set of options."""
    told: list[dict[str, str] | None] = []
    for options in job.alternatives:
        try:
            _, session = _open(msgspec.structs.replace(job, options=options))
        except (OptionError, BackendUnusable, DeviceUnavailable, UnsupportedModel):
            told.append(None)
            continue
        # Values that are not texts are found by the check of `effective`.
        told.append({str(name): str(value) for name, value in session.effective.items()})
        session.close()
    return Effective(told=tuple(told))


def reading(job: Job) -> Reading:
    """Load a model while the package `onnx` is available only to the framework."""
    hidden = HiddenOnnx(job.requires)
    sys.meta_path.insert(0, hidden)
    try:
        _open(job)
    except Exception as error:  # noqa: BLE001 - whatever it is, the model was not loaded
        return Reading(importer=hidden.importer, error=f"{type(error).__name__}: {one_line(text_of(error), 300)}")
    return Reading(importer=hidden.importer)


TASKS: dict[str, Callable[[Job], msgspec.Struct]] = {
    "loads": loads,
    "proposals": proposals,
    "reading": reading,
    "cycles": cycles,
    "exhaust": exhaust,
    "threads": threads,
    "effective": effective,
}


def main(arguments: list[str]) -> None:
    """Do the job in one file and write the answer to another."""
    job = msgspec.json.decode(Path(arguments[0]).read_bytes(), type=Job)
    answer = TASKS[job.task](job)
    Path(arguments[1]).write_bytes(msgspec.json.encode(answer))


if __name__ == "__main__":
    main(sys.argv[1:])
