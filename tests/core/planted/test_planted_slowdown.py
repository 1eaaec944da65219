"""The backend that makes another one slower by a known share."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fault_injection import FakeBackend
from fault_injection.fake import FakeFailure, FakeOptions
from infer_compare import hookimpl
from infer_compare.errors import OptionError, UnknownBackend
from infer_compare.interfaces import Device, MemoryReading, OperatingPoint, Session, Settings, TensorSpec
from infer_compare.planted.slowdown import PlantedBackend, PlantedOptions, PlantedSession
from infer_compare.plugins import Origin, Plugins, read_options

TICK = 1
"""Nanoseconds that a look at the scripted clock takes."""


class Clock:
    """Time that passes only when it is looked at, or when work is done."""

    def __init__(self) -> None:
        self.now = 0
        self.looks = 0

    def __call__(self) -> int:
        self.looks += 1
        self.now += TICK
        return self.now


class Inner(Session[Any]):
    """Takes scripted time and notes what it is asked."""

    inputs = (TensorSpec("x", "float32", ("batch",)),)
    outputs = (TensorSpec("y", "float32", ("batch",)),)
    effective = {"threads": "3"}  # noqa: RUF012 - as the interface reads it

    def __init__(self, clock: Clock, run: int = 1000, sync: int = 500) -> None:
        self.clock = clock
        self.costs = {"run": run, "synchronize": sync, "wait": sync}
        self.asked: list[tuple[Any, ...]] = []

    def _note(self, *what: Any) -> tuple[Any, ...]:
        self.asked.append(what)
        self.clock.now += self.costs.get(what[0], 0)
        return what

    def prepare(self, point):
        self._note("prepare", point)

    def stage(self, batch, into=None):
        return self._note("stage", batch, into)

    def run(self, staged):
        self._note("run", staged)

    def synchronize(self):
        self._note("synchronize")

    def wait(self, staged):
        self._note("wait", staged)

    def fetch(self, staged):
        return self._note("fetch", staged)

    def release(self, staged):
        self._note("release", staged)

    def compilations(self):
        return 7

    def peak_memory(self):
        return MemoryReading(allocated=11)

    def reset_peak_memory(self):
        self._note("reset_peak_memory")

    def close(self):
        self._note("close")


@pytest.fixture
def clock() -> Clock:
    """The scripted time."""
    return Clock()


def _spent(clock: Clock, call) -> int:
    before = clock.now
    call()
    return clock.now - before


def test_a_call_takes_the_planted_share_longer_than_running_and_synchronising_took(clock):
    """1500 ns of work become 1800."""
    session = PlantedSession(Inner(clock), 0.2, clock)

    def call() -> None:
        session.run("slot")
        session.synchronize()

    for _ in range(3):
        assert _spent(clock, call) == pytest.approx(1800, abs=5)


def test_without_a_slowdown_nothing_is_added(clock):
    """But for the looks at the clock."""
    session = PlantedSession(Inner(clock), 0.0, clock)
    session.run("slot")
    assert _spent(clock, session.synchronize) == pytest.approx(500, abs=4)


def test_the_time_between_calls_is_not_lengthened(clock):
    """Only what passes from the beginning of a call to its end."""
    session = PlantedSession(Inner(clock), 0.5, clock)
    session.run("slot")
    session.synchronize()
    clock.now += 10**6
    session.run("slot")
    assert _spent(clock, session.synchronize) == pytest.approx(500 + 750, abs=5)


def test_synchronising_with_nothing_under_way_takes_no_longer(clock):
    """A barrier before a slice begins is no call."""
    session = PlantedSession(Inner(clock), 0.5, clock)
    assert _spent(clock, session.synchronize) == 500


def test_batches_that_are_enqueued_ahead_are_lengthened_one_by_one(clock):
    """Two under way: each wait adds the share of what passed since the work before it was done."""
    session = PlantedSession(Inner(clock), 0.1, clock)
    session.run("first")
    session.run("second")
    assert _spent(clock, lambda: session.wait("first")) == pytest.approx(500 + 250, abs=5)
    assert _spent(clock, lambda: session.wait("second")) == pytest.approx(500 + 50, abs=5)
    assert _spent(clock, session.synchronize) == 500


def test_it_spins_and_never_sleeps(clock, monkeypatch):
    """What is added must be the worker's own processor time."""
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("it slept"))
    session = PlantedSession(Inner(clock), 0.1, clock)
    session.run("slot")
    looks = clock.looks
    session.synchronize()
    assert clock.looks - looks > 100 / TICK


def test_everything_else_is_answered_by_the_session_inside(clock):
    """With its arguments and results, and the slowdown told among what is effective."""
    inner = Inner(clock)
    session = PlantedSession(inner, 0.1, clock)
    session.prepare(OperatingPoint(2))
    slot = session.stage(["batch"], "old")
    assert slot == ("stage", ["batch"], "old")
    assert session.fetch("slot") == ("fetch", "slot")
    session.release("slot")
    session.reset_peak_memory()
    session.close()
    assert inner.asked == [
        ("prepare", OperatingPoint(2)),
        ("stage", ["batch"], "old"),
        ("fetch", "slot"),
        ("release", "slot"),
        ("reset_peak_memory",),
        ("close",),
    ]
    assert session.compilations() == 7
    assert session.peak_memory() == MemoryReading(allocated=11)
    assert (session.inputs, session.outputs) == (inner.inputs, inner.outputs)
    assert session.effective == {"threads": "3", "slowdown": "10 %"}


@pytest.fixture
def fake_registered(monkeypatch):
    """As if the fake were an installed plugin's."""
    plugins = Plugins()
    plugins.register(
        SimpleNamespace(infer_compare_backends=hookimpl(lambda: [FakeBackend])), Origin("scripted", "here")
    )
    assert not plugins.broken
    monkeypatch.setattr(Plugins, "discover", classmethod(lambda cls: plugins))


def test_the_backend_inside_has_its_own_defaults_and_the_same_budget_and_seed(fake_registered):
    """And its answers are passed on."""
    backend = PlantedBackend(Settings(options=PlantedOptions(backend="fake", slowdown=0.1), threads=3, seed=5))
    inner = backend._inner
    assert isinstance(inner, FakeBackend)
    assert inner.settings == Settings(options=FakeOptions(), threads=3, seed=5)
    assert backend.version() == inner.version()
    assert backend.devices() == inner.devices()
    assert backend.classify(FakeFailure("fake: could not create a primitive")) == inner.classify(
        FakeFailure("fake: could not create a primitive")
    )
    assert backend.classify(MemoryError()) == inner.classify(MemoryError())
    data = [np.arange(5.0)]
    assert [len(batch[0]) for batch in backend.batches(data, 2)] == [2, 2, 1]
    session = backend.to_device((TensorSpec("x", "float32", ("batch", 3)),), Device("cpu"))
    assert isinstance(session, PlantedSession)


def test_an_unknown_backend_inside_is_named(fake_registered):
    """With those that are installed."""
    with pytest.raises(UnknownBackend, match="'nonesuch'"):
        PlantedBackend(Settings(options=PlantedOptions(backend="nonesuch"), threads=1))


def test_a_negative_slowdown_is_refused():
    """Nothing can be made faster so."""
    with pytest.raises(OptionError, match="slowdown"):
        read_options(PlantedBackend, {"slowdown": "-0.1"})
