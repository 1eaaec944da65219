"""Several workers as one client: what they answer is put together, and where one is lost, all are."""

from __future__ import annotations

import msgspec
import pytest

from infer_compare.errors import WorkerDied
from infer_compare.interfaces import OperatingPoint
from infer_compare.results.slices import PhaseTimes
from infer_compare.worker.client import InProcess, LocalProcess, RequestFailed, WorkerGroup
from infer_compare.worker.client.combined import combined
from infer_compare.worker.protocol import Done, Explored, Inputs, Load, Timed, TimeSlice, WarmedUp, WarmUp
from quiet_slices import quiet

from .conftest import WAIT_S, explore, opening  # type: ignore[import-not-found]

QUICK = {"fixed_us": 50, "per_sample_us": 0}
POINT = OperatingPoint(2)
CALM = quiet(60, threads=1, own_cpu_ns=50)


def ready(group: WorkerGroup, lab, **options: object) -> None:
    """Opens the workers with a model and inputs."""
    group.start(opening(**{**QUICK, **options}))
    assert group.is_open(WAIT_S)
    group.opened()
    group.load(Load(model=lab.model, device="cpu"))
    group.ask(Inputs(paths=(str(lab.inputs),)), Done, deadline_s=WAIT_S)


@pytest.mark.slow
def test_a_group_has_the_verbs_of_a_client(lab) -> None:
    """Two processes answer as one, which has the memory of both."""
    with WorkerGroup([LocalProcess(), LocalProcess()]) as group:
        assert not group.alive
        ready(group, lab)
        group.suspend()
        resident = group.ask(explore(), Explored, deadline_s=WAIT_S).memory.resident
        with LocalProcess() as alone:
            alone.open(opening(**QUICK))
            alone.load(Load(model=lab.model, device="cpu"))
            alone.ask(Inputs(paths=(str(lab.inputs),)), Done, deadline_s=WAIT_S)
            single = alone.ask(explore(), Explored, deadline_s=WAIT_S).memory.resident
        assert resident == pytest.approx(2 * single, rel=0.2)
        warmed = group.ask(WarmUp(point=POINT, scope="device", brief=True), WarmedUp, deadline_s=WAIT_S)
        asked = TimeSlice(point=POINT, scope="device", latency_ns=warmed.latency_ns)
        timed = group.ask(asked, Timed, deadline_s=WAIT_S)
        assert timed.instances is not None
        assert sum(timed.instances.stamps) == len(timed.durations_ns)
    assert not group.alive


def test_the_death_of_one_worker_ends_the_others(lab) -> None:
    """Also of one that dies while another is at work."""
    first, second = LocalProcess(), LocalProcess()
    with WorkerGroup([first, second]) as group:
        first.start(opening(**QUICK))
        second.start(opening(die_in="load", **QUICK))
        group.opened()
        with pytest.raises(WorkerDied):
            group.load(Load(model=lab.model, device="cpu"))
        assert not first.alive
        assert not second.alive


def test_a_failure_that_leaves_the_workers_sound_ends_none(lab) -> None:
    """Each can be asked again."""
    with WorkerGroup([InProcess(), InProcess()]) as group:
        ready(group, lab, fail_in="fetch", at_batch=2)
        with pytest.raises(RequestFailed):
            group.ask(explore(2), Explored, deadline_s=WAIT_S)
        assert group.alive
        assert group.ask(explore(1), Explored, deadline_s=WAIT_S)


def test_what_one_of_them_ran_out_of_memory_for_ends_all(lab) -> None:
    """None of them is timed after that."""
    with WorkerGroup([InProcess(), InProcess()]) as group:
        ready(group, lab, oom_above=1)
        with pytest.raises(RequestFailed, match="out of memory"):
            group.ask(explore(2), Explored, deadline_s=WAIT_S)
        assert not group.alive


def test_the_parts_of_calls_are_kept_for_the_same_calls_as_the_durations() -> None:
    """Of two instances of which the second began two calls later."""
    first = Timed(
        started_ns=0,
        durations_ns=(10, 10, 10, 10),
        calls_per_stamp=1,
        discarded=1,
        phases=PhaseTimes(stage_ns=(1, 2, 3, 4), run_ns=(5, 6, 7, 8), fetch_ns=(0, 0, 0, 0)),
        diagnostics=CALM,
    )
    late = msgspec.structs.replace(first, started_ns=20)
    timed = combined([first, late])
    assert timed.phases == PhaseTimes(stage_ns=(3, 4, 1, 2), run_ns=(7, 8, 5, 6), fetch_ns=(0, 0, 0, 0))
    assert timed.durations_ns == (10, 10, 10, 10)
    assert timed.instances.calls == (2.0, 2.0)
    assert timed.discarded == 2 * 5 - 4
    assert timed.diagnostics.own_cpu_ns == 2 * CALM.own_cpu_ns
    assert timed.diagnostics.wall_ns == CALM.wall_ns
