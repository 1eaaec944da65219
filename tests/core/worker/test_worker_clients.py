"""One client for a worker: the same conversation in a process of its own and in this one."""

from __future__ import annotations

import os
import platform
import sys
from typing import TYPE_CHECKING

import msgspec
import pytest

from infer_compare.errors import WorkerTimeout
from infer_compare.interfaces import OperatingPoint
from infer_compare.worker.child.host import Host
from infer_compare.worker.client import InProcess, LocalProcess, NoWorker, OtherVersion, RequestFailed, first_line
from infer_compare.worker.protocol import Done, Explored, Inputs, Load, Timed, TimeSlice, WarmedUp, WarmUp

from .conftest import WAIT_S, explore, opening  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from infer_compare.worker.client import WorkerClient

QUICK = {"fixed_us": 50, "per_sample_us": 0}


@pytest.fixture(params=[LocalProcess, InProcess])
def client(request):
    """A client of each kind."""
    with request.param() as made:
        yield made


def ready(client: WorkerClient, lab, **options: object) -> None:
    """Opens a worker with a model and inputs."""
    client.open(opening(**{**QUICK, **options}))
    client.load(Load(model=lab.model, device="cpu"))
    client.ask(Inputs(paths=(str(lab.inputs),)), Done, deadline_s=WAIT_S)


def test_a_worker_is_opened_loaded_asked_suspended_and_closed(client, lab) -> None:
    """Whether it is a process or not."""
    assert not client.alive
    ready(client, lab)
    assert client.alive
    client.suspend()
    assert client.ask(explore(), Explored, deadline_s=WAIT_S).latency_ns >= 50_000
    point = OperatingPoint(2)
    warmed = client.ask(WarmUp(point=point, scope="device", brief=True), WarmedUp, deadline_s=WAIT_S)
    slice_of = TimeSlice(point=point, scope="device", latency_ns=warmed.latency_ns)
    assert client.ask(slice_of, Timed, deadline_s=WAIT_S).durations_ns
    client.close()
    assert not client.alive
    with pytest.raises(NoWorker, match="its worker is gone"):
        client.ask(explore(), Explored, deadline_s=WAIT_S)


def test_a_worker_tells_what_it_runs_in(client, monkeypatch) -> None:
    """Its interpreter and the variables that frameworks read; the packages of an interpreter that is another's."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    told = client.open(opening()).environment
    assert (told.interpreter, told.python) == (sys.executable, platform.python_version())
    assert told.variables["OMP_NUM_THREADS"] == "1"
    assert told.packages == {}
    foreign = msgspec.structs.replace(opening(), foreign=True)
    assert client.open(foreign).environment.packages["infer-compare"]


def test_a_failure_is_raised_with_what_the_worker_said(client, lab) -> None:
    """And the worker goes on."""
    client.open(opening(fail_in="load"))
    with pytest.raises(RequestFailed, match="load fails on demand") as raised:
        client.load(Load(model=lab.model, device="cpu"))
    assert raised.value.failure.category == "error"
    assert client.alive


def test_a_line_that_only_announces_the_reason_is_not_taken_for_it() -> None:
    """Some frameworks say first that there was an error, then where, and last which."""
    text = "Graph execution error:\n\nDetected at node add defined at (last):\n  File 'net.py', line 3\n\nsizes differ: 4 vs. 8\n"
    assert first_line(text) == "sizes differ: 4 vs. 8"
    assert first_line("\nno memory\nwhile it ran:\nx") == "no memory"
    assert first_line("it failed:\n") == "it failed:"


def test_a_worker_that_ran_out_of_memory_is_not_used_again(client, lab) -> None:
    """Whatever that leaves behind is not to be timed; the same client starts another."""
    ready(client, lab, oom_above=1)
    with pytest.raises(RequestFailed, match="out of memory"):
        client.ask(explore(2), Explored, deadline_s=WAIT_S)
    assert not client.alive
    ready(client, lab, oom_above=1)
    assert client.ask(explore(1), Explored, deadline_s=WAIT_S)


class OtherHost(Host):
    """What a worker of another infer-compare holds."""

    def open(self, request):
        return msgspec.structs.replace(super().open(request), protocol=99)


def test_a_worker_of_another_version_is_refused_when_it_is_opened() -> None:
    """Its interpreter has another infer-compare."""
    with InProcess(lambda: OtherHost(lambda _point: None)) as client:
        with pytest.raises(OtherVersion, match="speak version 99 of the protocol"):
            client.open(opening())
        assert not client.alive


def test_a_worker_that_does_not_open_in_time_is_ended() -> None:
    """The deadline of a start is its client's."""
    with LocalProcess(start_deadline_s=1.0) as client, pytest.raises(WorkerTimeout, match="within 1 s"):
        client.open(opening(hang_in="import"))
    assert not client.alive


def test_without_a_process_time_is_what_the_clock_of_the_client_tells() -> None:
    """A deadline that passes on it is kept."""
    moments = iter([0, 0, 10**9, 3 * 10**9])
    with InProcess(clock=lambda: next(moments)) as client:
        client.start(opening())
        assert client.pid == os.getpid()
        with pytest.raises(WorkerTimeout):
            client.ask(explore(), Explored, deadline_s=1.0)
