"""The backend that makes another one fail, and the count of what a failure cost."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fault_injection import FakeBackend
from fault_injection.fault_backend import FaultBackend, FaultSession
from fault_injection.injector import InjectedError
from fault_injection.matrix import FRAMEWORKS, matrix
from fault_injection.result import lost
from fault_injection.shadowed import LOGS, OPEN, PEAK, Constants
from infer_compare import hookimpl
from infer_compare.errors import OptionError
from infer_compare.interfaces import Device, FailureKind, OperatingPoint, Settings, TensorSpec
from infer_compare.plugins import Origin, Plugins, read_options

if TYPE_CHECKING:
    from collections.abc import Callable

INPUTS = (TensorSpec("x", "float32", ("batch", 3)),)


@pytest.fixture(autouse=True)
def fake_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the fake were an installed plugin's."""
    plugins = Plugins()
    plugins.register(
        SimpleNamespace(infer_compare_backends=hookimpl(lambda: [FakeBackend])), Origin("scripted", "here")
    )
    monkeypatch.setattr(Plugins, "discover", classmethod(lambda cls: plugins))


def injected(**options: object) -> FaultBackend:
    """The fake with a fault."""
    words = {key: str(value) for key, value in {"backend": "fake", **options}.items()}
    return FaultBackend(Settings(options=read_options(FaultBackend, words), threads=1))


def opened(**options: object) -> FaultSession:
    """A session of it."""
    return injected(**options).to_device(INPUTS, Device("cpu"))


def explored(session: FaultSession, size: int) -> np.ndarray:
    """What a batch of ones comes to."""
    session.prepare(OperatingPoint(size))
    slot = session.stage([np.ones((size, 3), np.float32)])
    session.run(slot)
    session.synchronize()
    (output,) = session.fetch(slot)
    return output


def test_without_a_fault_it_is_the_backend_inside() -> None:
    """And says so."""
    session = opened()
    assert np.isfinite(explored(session, 2)).all()
    assert session.effective["fault"] == "none"
    assert session.effective["execution"] == "fake"


@pytest.mark.parametrize("step", ["prepare", "stage", "run", "synchronize", "fetch", "classify"])
def test_a_method_raises_at_its_batch_size_and_at_no_other(step: str) -> None:
    """The session goes on as if nothing had been."""
    session = opened(fault="raise", step=step, at_batch=2)
    explored(session, 1)
    with pytest.raises(InjectedError, match=f"{step} fails on demand"):
        explored(session, 2)
    explored(session, 3)


def test_several_methods_raise_each_at_its_own_size() -> None:
    """METHOD:SIZE, joined by +."""
    session = opened(fault="raise", step="run:2+fetch:3")
    explored(session, 1)
    for size, step in ((2, "run"), (3, "fetch")):
        with pytest.raises(InjectedError, match=step):
            explored(session, size)


def test_a_fault_waits_for_a_number_of_calls() -> None:
    """Of its own method, at its own size."""
    session = opened(fault="raise", step="run", at_batch=2, after_calls=1)
    explored(session, 1)
    explored(session, 2)
    with pytest.raises(InjectedError):
        explored(session, 2)


def test_warming_up_is_told_from_exploring_and_from_timing() -> None:
    """By who calls `run`, and how."""
    slot = [np.ones((1, 3), np.float32)]
    for step, before in (("warm_up", 0), ("measure", 1)):
        session = opened(fault="raise", step=step)
        explored(session, 1)
        session.prepare(OperatingPoint(1))
        staged = session.stage(slot)
        for _ in range(before):
            with session.running():
                session.run(staged)
        with session.running(), pytest.raises(InjectedError, match=step):
            session.run(staged)


@pytest.mark.parametrize(
    ("step", "call"),
    [
        ("import", lambda backend: backend.version()),
        ("devices", lambda backend: backend.devices()),
        ("to_device", lambda backend: backend.to_device(INPUTS, Device("cpu"))),
        ("effective", lambda backend: backend.to_device(INPUTS, Device("cpu")).effective),
        ("peak_memory", lambda backend: backend.to_device(INPUTS, Device("cpu")).peak_memory()),
        ("close", lambda backend: backend.to_device(INPUTS, Device("cpu")).close()),
    ],
)
def test_methods_without_a_batch_size_raise_as_well(step: str, call: Callable[[FaultBackend], object]) -> None:
    """When they are the step."""
    call(injected())
    with pytest.raises(InjectedError, match=step):
        call(injected(fault="raise", step=step))


def test_its_errors_are_failures_and_some_cannot_even_be_classified() -> None:
    """As a plugin's own `classify` may fail."""
    backend = injected()
    assert backend.classify(InjectedError("run")).kind is FailureKind.NO
    with pytest.raises(InjectedError):
        backend.classify(InjectedError("classify"))


def test_outputs_are_spoilt_where_the_fault_says_so() -> None:
    """NaN everywhere, or another result each time."""
    assert np.isnan(explored(opened(fault="nan"), 2)).all()
    session = opened(fault="unstable")
    assert not np.allclose(explored(session, 2), explored(session, 2))
    session = opened(fault="nan", at_batch=3)
    assert np.isfinite(explored(session, 2)).all()
    assert np.isnan(explored(session, 3)).all()


def test_an_unknown_step_is_refused() -> None:
    """With those that there are."""
    with pytest.raises(OptionError, match="'runn' is no step"):
        injected(step="run+runn")


def test_rubbish_goes_to_the_files_below_python(capfd: pytest.CaptureFixture[str]) -> None:
    """As native code writes it."""
    explored(opened(fault="chatter"), 1)
    printed = capfd.readouterr()
    assert "rubbish" in printed.out
    assert "rubbish" in printed.err


@pytest.mark.parametrize(
    ("shadow", "stored", "missing"),
    [
        (b"a\nb\nc\n", b"a\nb\nc\n", 0),
        (b"a\nc\n", b"a\nb\nc\n", 0),
        (b"a\nb\n", b"a\nb\nto", 0),
        (b"a\nb\nto", b"a\nb\n", 0),
        (b"a\nb\nc\n", b"a\nc\n", 1),
        (b"a\nb\n", b"b\na\n", 1),
        (b"a\nb\n", b"a\nb", 1),
        (b"a\nb\n", b"", 2),
    ],
    ids=[
        "whole",
        "one not noted",
        "a torn tail",
        "one half noted",
        "a hole",
        "another order",
        "the last one torn",
        "nothing",
    ],
)
def test_a_record_is_lost_when_it_was_taken_for_stored_and_is_not_there(
    shadow: bytes, stored: bytes, missing: int
) -> None:
    """Whole, and in its place."""
    assert lost(shadow, stored) == missing


def test_what_the_shadowed_command_line_replaces_is_still_there() -> None:
    """Setting a name that nobody reads would replace nothing."""
    for place in (*OPEN, PEAK, *LOGS):
        module, _, name = place.partition(":")
        assert hasattr(importlib.import_module(module), name), place


def test_the_constants_are_those_of_the_program_unless_they_are_shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    """And shortening them reaches the modules that read them."""
    from infer_compare.phases import turns
    from infer_compare.verdicts import protocol
    from infer_compare.worker.client import base

    monkeypatch.setattr(base, "START_DEADLINE_S", base.START_DEADLINE_S)
    monkeypatch.setattr(turns, "WARM_UP_CAP_S", turns.WARM_UP_CAP_S)
    monkeypatch.setattr(protocol, "RESTARTS", dict(protocol.RESTARTS))
    monkeypatch.setattr(protocol, "ROUNDS_PER_RESTART", dict(protocol.ROUNDS_PER_RESTART))
    assert (Constants().start_deadline_s, Constants().warm_up_cap_s) == (
        base.START_DEADLINE_S,
        turns.WARM_UP_CAP_S,
    )
    Constants(start_deadline_s=3.0, warm_up_cap_s=1.0, rounds=7).apply()
    assert (base.START_DEADLINE_S, turns.WARM_UP_CAP_S) == (3.0, 1.0)
    assert (protocol.RESTARTS["quick"], protocol.ROUNDS_PER_RESTART["quick"]) == (1, 7)


@pytest.mark.slow
def test_the_benchmark_finds_the_faults_without_a_path_of_its_own() -> None:
    """As people start it."""
    program = Path(__file__).parents[2] / "benchmarks" / "faults.py"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, str(program), "--faults", "nonesuch"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "'nonesuch' is none of oom-raised, " in done.stderr


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_contender_of_the_matrix_can_be_typed(framework: str) -> None:
    """Its options are read as the command line would read them, and each fault has a name of its own."""
    lines = matrix(framework)
    assert len({fault.name for fault in lines}) == len(lines)
    for fault in lines:
        for target in fault.targets:
            injected(**target.options)
