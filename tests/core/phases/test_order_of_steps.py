"""When the harness calls a session's steps, as `infer_compare.interfaces.backend` promises it to authors."""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import numpy as np
import pytest

from fault_injection.fake import FakeBackend, FakeSession
from identity_model import identity
from infer_compare.errors import UnsupportedModel
from infer_compare.interfaces import Device, OperatingPoint
from infer_compare.plugins import load_backend
from infer_compare.results import Measured, Skipped
from infer_compare.worker.child.host import Host
from infer_compare.worker.client import InProcess
from infer_compare.worker.protocol import Done, Inputs, Load, Open, Timed, TimeSlice, WarmedUp, WarmUp

from .conftest import contender, open_gate  # type: ignore[import-not-found]
from .virtual import Launched, QuietProbe, VirtualTime, virtual


class Call(NamedTuple):
    """A step of a session, and what it was given."""

    step: str
    slot: int | None = None
    size: int = 0
    into: int | None = None
    inside: bool = False
    """Whether `running` was entered."""


class Log:
    """The calls of one session in order, and the arrays of its batches."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.inside = False
        self.threads: set[int] = set()
        self.changed: list[str] = []
        self.held: dict[int, list[tuple[Any, Any]]] = {}
        self.slots: dict[int, tuple[int, Any]] = {}

    def note(self, step: str, slot: Any = None, size: int = 0, into: Any = None) -> None:
        self.threads.add(threading.get_ident())
        number = None if slot is None else self.number(slot)
        if number is not None and step in {"run", "fetch"} and not self.as_it_was(number):
            self.changed.append(step)
        old = None if into is None else self.number(into)
        self.calls.append(Call(step, number, size, old, self.inside))

    def number(self, slot: Any) -> int:
        """Which slot it is, by identity; all are kept, so that none takes the place of another."""
        return self.slots.setdefault(id(slot), (len(self.slots), slot))[0]

    def hold(self, slot: Any, batch: Any) -> None:
        self.held[self.number(slot)] = [(array, array.copy()) for array in batch]

    def as_it_was(self, number: int) -> bool:
        return all(np.array_equal(array, copy) for array, copy in self.held[number])

    def of(self, *steps: str) -> list[Call]:
        return [call for call in self.calls if call.step in steps]


class Running:
    """Notes when it is entered."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def __enter__(self) -> None:
        self._log.inside = True

    def __exit__(self, *_: object) -> None:
        self._log.inside = False


class RecordingSession(FakeSession):
    """Notes each call. Its arrays cannot be written to: staging into a slot returns another one."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.log = Log()
        LOGS.append(self.log)

    def prepare(self, point):
        self.log.note("prepare", size=point.batch)
        super().prepare(point)

    def stage(self, batch, into=None):
        slot = super().stage(batch)
        self.log.hold(slot, batch)
        self.log.note("stage", slot, len(batch[0]), into)
        return slot

    def run(self, staged):
        self.log.note("run", staged, staged.size)
        super().run(staged)

    def running(self):
        return Running(self.log)

    def synchronize(self):
        self.log.note("synchronize")
        super().synchronize()

    def wait(self, staged):
        self.log.note("wait", staged)
        super().wait(staged)

    def fetch(self, staged):
        self.log.note("fetch", staged)
        return super().fetch(staged)

    def release(self, staged):
        self.log.note("release", staged)

    def close(self):
        self.log.note("close")


LOGS: list[Log] = []
RUNS: dict[str, list[Log]] = {}
"""Each run is made once for all tests."""


class RecordingBackend(FakeBackend):
    """Makes such sessions."""

    def devices(self):
        return (Device("cpu"), Device("accelerator"))

    def to_device(self, loaded, device):
        return RecordingSession(self, loaded, device)


class FewSizes(RecordingBackend):
    """Has no program for a batch of 4."""

    def to_device(self, loaded, device):
        return FewSizesSession(self, loaded, device)


class FewSizesSession(RecordingSession):
    """Refuses that size."""

    def prepare(self, point):
        super().prepare(point)
        if point.batch == 4:
            raise UnsupportedModel("There is no program for a batch of 4.")


class Recorded(Launched):
    """Launches workers whose sessions note their calls."""

    def __init__(self, time: VirtualTime, backend: type[RecordingBackend] = RecordingBackend) -> None:
        super().__init__(time)
        self._backend = backend

    def __call__(self, python: str | None, *, max_memory: int) -> Any:
        time = self.time

        def find(reference: str) -> Any:
            if not reference.endswith("FakeBackend"):
                return load_backend(reference)
            self._backend.time = time
            return self._backend

        probe: Any = QuietProbe(time)
        worker = InProcess(
            lambda: Host(lambda _point: None, clock=time.now_ns, probe=probe, find=find, sleep=time.sleep),
            clock=time.now_ns,
        )
        self.clients.append(worker)
        return worker


@pytest.fixture(params=["cpu", "accelerator", "end_to_end", "dataset"])
def logs(request, sweep, tmp_path):
    """The calls of every session of a run: on both kinds of device, and with every scope."""
    if request.param in RUNS:
        return RUNS[request.param]
    LOGS.clear()
    options: dict[str, Any] = {"restarts": 2, "rounds": 2, "batch_sizes": (1, 4, 8)}
    if request.param == "accelerator":
        options["device"] = "accelerator"
    elif request.param != "cpu":
        options["scope"] = request.param
    if request.param == "dataset":
        np.savez(tmp_path / "rows.npz", features=np.ones((21, 64), np.float32))
        options["data"] = str(tmp_path / "rows.npz")
    time = VirtualTime()
    sweep(
        contender("one", fixed_us=20_000),
        contender("two", fixed_us=28_000),
        surroundings=virtual(open_gate, launch=Recorded(time), now=time.now_s, sleep=time.sleep),
        **options,
    )
    assert sum(len(log.of("run")) for log in LOGS) > 100
    return RUNS.setdefault(request.param, list(LOGS))


def test_a_size_is_prepared_before_its_first_batch_is_staged(logs, request):
    """In each session; but for the smaller last batch of a data set."""
    for log in logs:
        prepared: list[int] = []
        for call in log.calls:
            if call.step == "prepare":
                prepared.append(call.size)
            elif call.step == "stage" and not ("dataset" in request.node.name and call.size < max(prepared)):
                assert call.size in prepared


def test_a_size_may_be_staged_again_after_another_one_was_prepared(tmp_path):
    """Without being prepared anew: what was built for each size must be kept."""
    np.save(tmp_path / "rows.npy", np.ones((16, 3), np.float32))
    LOGS.clear()
    with Recorded(VirtualTime())(None, max_memory=0) as client:
        client.open(Open(backend="FakeBackend", options={}, threads=1, seed=0))
        client.load(Load(model=identity(tmp_path), device="cpu"))
        client.ask(Inputs(paths=(str(tmp_path / "rows.npy"),)), Done, deadline_s=90)
        for batch in (1, 4):
            client.ask(WarmUp(point=OperatingPoint(batch), scope="device", brief=True), WarmedUp, deadline_s=90)
        client.ask(TimeSlice(point=OperatingPoint(1), scope="device", latency_ns=10**6), Timed, deadline_s=90)
    steps = [(call.step, call.size) for call in LOGS[0].of("prepare", "stage")]
    assert list(dict.fromkeys(steps)) == [("prepare", 1), ("stage", 1), ("prepare", 4), ("stage", 4)]
    assert steps[-1] == ("stage", 1)


def test_a_size_that_is_refused_is_left_out_alone(sweep):
    """A program of fixed shapes serves some sizes and not others."""
    time = VirtualTime()
    run = sweep(
        contender("one", fixed_us=20_000),
        surroundings=virtual(open_gate, launch=Recorded(time, FewSizes), now=time.now_s, sleep=time.sleep),
        batch_sizes=(1, 4, 8),
    )
    outcomes = {probe.point.batch: probe.outcome for probe in run.probes}
    assert outcomes[4] == Skipped(reason="There is no program for a batch of 4.")
    assert isinstance(outcomes[1], Measured)
    assert isinstance(outcomes[8], Measured)


def test_batches_stay_as_they_are_while_their_slot_is_used(logs):
    """So a slot may hold the arrays themselves."""
    assert not any(log.changed for log in logs)


def test_each_run_is_waited_for_before_its_slot_is_used_again(logs):
    """And no more than one other slot is under way."""
    most = 0
    for log in logs:
        under_way: list[int | None] = []
        for call in log.calls:
            if call.step == "synchronize":
                under_way = []
            elif call.step == "wait":
                assert under_way.count(call.slot) == 1
                under_way.remove(call.slot)
            elif call.slot in under_way or (call.into in under_way and call.into is not None):
                pytest.fail(f"{call} while the slot is under way")
            elif call.step == "run":
                under_way.append(call.slot)
                most = max(most, len(under_way))
    assert most <= 2


def test_batches_are_queued_ahead_only_on_asynchronous_devices(logs, request):
    """Elsewhere `wait` is never called."""
    waits = sum(len(log.of("wait")) for log in logs)
    assert (waits > 0) == ("accelerator" in request.node.name)


def test_a_slot_that_was_replaced_is_not_used_again_and_others_are_released_once(logs):
    """Where arrays cannot be written to, staging into a slot gives another one."""
    for log in logs:
        replaced = {call.into for call in log.of("stage") if call.into is not None}
        released = [call.slot for call in log.of("release")]
        assert not replaced & set(released)
        assert len(released) == len(set(released))
        assert set(released) == {call.slot for call in log.of("stage")} - replaced
        seen: set[int | None] = set()
        for call in log.calls:
            assert call.slot not in seen, f"{call} after the slot was replaced or released"
            seen |= {call.into} - {None}
            if call.step == "release":
                seen.add(call.slot)


def test_a_slot_is_staged_again_with_batches_of_its_size_alone(logs):
    """Its shapes stay."""
    for log in logs:
        sizes = {call.slot: call.size for call in log.of("stage")}
        assert all(call.size == sizes[call.into] for call in log.of("stage") if call.into is not None)


def test_running_is_entered_around_some_calls_and_not_around_others(logs):
    """So `run` must work with and without it, and nothing is prepared inside."""
    runs = [call.inside for log in logs for call in log.of("run")]
    assert True in runs
    assert False in runs
    assert not any(call.inside for log in logs for call in log.of("prepare", "close", "release"))


def test_all_steps_are_called_from_one_thread_and_nothing_after_the_end(logs):
    """So thread-local modes of a framework hold."""
    for log in logs:
        assert len(log.threads) == 1
        assert log.calls[-1].step == "close"
        assert len(log.of("close")) == 1
