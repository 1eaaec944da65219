"""Contenders with several instances: workers of one contender that run at the same time."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

import psutil
import pytest

from infer_compare import api
from infer_compare.environment.topology import cores
from infer_compare.phases.events import Observer
from infer_compare.report import document
from infer_compare.results import Died, Measured, OutOfMemory, TimedOut
from infer_compare.verdicts.flags import flags_of
from infer_compare.verdicts.summary import summarise

from .conftest import contender, open_gate  # type: ignore[import-not-found]
from .virtual import Launched, virtual  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infer_compare.results import Run, Slice
    from infer_compare.verdicts.figures import Figures

STEADY = {"fixed_us": 400, "per_sample_us": 0}
PAIR = contender("pair", instances=2, **STEADY)


def slices(run: Run, label: str) -> list[Slice]:
    """What was timed of a contender."""
    return [piece for done in run.rounds for piece in done.slices if piece.contender == label]


def figures(run: Run, label: str) -> Figures:
    """The figures of a contender that was measured at one batch size."""
    (own,) = (one for one in summarise(run).figures if one.contender == label)
    return own


def second(**changes: object):
    """A machine on which the second of two instances is given other options than the first; there is one contender."""

    def of(number: int) -> Mapping[str, object]:
        return changes if number % 2 else {}

    return virtual(open_gate, of)


@pytest.mark.parametrize(("instances", "scope"), [(2, "device"), (3, "end_to_end")])
def test_instances_that_do_not_disturb_each_other_serve_so_many_times_as_much(sweep, instances: int, scope) -> None:
    """And each call takes as long as that of one."""
    several = contender("several", instances=instances, **STEADY)
    run = sweep(contender("one", **STEADY), several, batch_sizes=(1,), scope=scope)
    alone, together = figures(run, "one"), figures(run, "several")
    assert together.throughput == pytest.approx(instances * alone.throughput, rel=0.01)
    assert together.latency_p50_ns == pytest.approx(alone.latency_p50_ns, rel=0.01)
    (pair,) = summarise(run).pairs
    assert pair.comparison.ratio == pytest.approx(1 / instances, rel=0.01)
    assert all(piece.instances is None for piece in slices(run, "one"))
    for piece in slices(run, "several"):
        assert len(piece.instances.calls) == instances
        assert sum(piece.instances.stamps) == len(piece.durations_ns)
        assert piece.instances.balance > 0.95


def test_what_the_slower_of_two_instances_makes_alone_is_not_counted(sweep) -> None:
    """Of two, one takes twice as long for a call: together they serve one and a half times as much as the quick one."""
    run = sweep(PAIR, batch_sizes=(1,), surroundings=second(fixed_us=800))
    own = figures(run, "pair")
    assert own.throughput == pytest.approx(1.5 / 400e-6, rel=0.02)
    assert "unbalanced" in flags_of(own)
    assert all(piece.instances.balance == pytest.approx(0.5, rel=0.05) for piece in slices(run, "pair"))


def test_a_run_with_instances_reads_back_equal(sweep, tmp_path) -> None:
    """How they ran together is stored with each slice."""
    run = sweep(PAIR, batch_sizes=(1,))
    assert api.load_run(tmp_path / "run") == run


def test_instances_on_a_device_that_works_on_its_own_are_timed_in_all_three_series(sweep) -> None:
    """And their throughput is that of the pipelined one."""
    run = sweep(PAIR + "@accelerator", batch_sizes=(1,))
    assert {piece.series for piece in slices(run, "pair")} == {"latency", "pipelined", "enqueue"}
    assert all(piece.rejected is None for piece in slices(run, "pair"))
    assert figures(run, "pair").throughput == pytest.approx(2 / 400e-6, rel=0.02)


def test_the_death_of_one_instance_costs_the_contender_the_point(sweep) -> None:
    """As that of a single worker; the next size is measured with fresh ones, and nothing is left of the others."""
    surroundings = second(die_in="run", die_by="SIGKILL", at_batch=2)
    run = sweep(PAIR, batch_sizes=(1, 2, 4), surroundings=surroundings)
    outcomes = {point.point.batch: point.outcome for point in run.points}
    assert isinstance(outcomes[2], Died)
    assert isinstance(outcomes[1], Measured)
    assert isinstance(outcomes[4], Measured)


def test_the_death_of_one_instance_while_slices_are_timed_is_recorded_once(sweep) -> None:
    """The point is lost, and the others are measured."""
    surroundings = second(die_in="run", die_by="SIGKILL", at_batch=2, after_calls=1100)
    run = sweep(PAIR, batch_sizes=(1, 2), surroundings=surroundings)
    assert [(death.phase, death.point.batch) for death in run.deaths] == [("measure", 2)]
    assert any(point.measured for point in run.points if point.point.batch == 1)


def test_one_instance_that_hangs_is_a_time_out_of_the_contender(sweep) -> None:
    """The other one has answered, and is ended with it."""
    run = sweep(PAIR, batch_sizes=(1, 2), timeout=2.0, surroundings=second(hang_in="run", at_batch=2))
    assert isinstance(run.points[1].outcome, TimedOut)
    assert run.points[0].measured


def test_a_batch_fits_where_it_fits_in_every_instance(sweep) -> None:
    """They are tried at the same time."""
    run = sweep(PAIR, batch_sizes=(1, 2, 4), surroundings=second(oom_above=2))
    assert [type(point.outcome) for point in run.points] == [Measured, Measured, OutOfMemory]


def test_memory_ends_where_it_ends_for_one_of_the_instances(sweep) -> None:
    """The search tries a size in all of them at the same time."""
    run = sweep(PAIR, batch_sizes=(1,), find_limit=True, surroundings=second(oom_above=9))
    (limit,) = run.limits
    assert (limit.largest_fitting, limit.smallest_failing, limit.verified) == (9, 10, True)


def test_the_cap_of_memory_is_that_of_all_instances_together(sweep) -> None:
    """Each may hold its part."""
    surroundings = virtual(open_gate)
    sweep(PAIR, batch_sizes=(1,), max_memory=2**31, surroundings=surroundings)
    assert isinstance(surroundings.launch, Launched)
    assert set(surroundings.launch.caps) == {2**30}


def workers() -> list[psutil.Process]:
    """Every worker of this process, in the order in which they were started."""
    children = psutil.Process(os.getpid()).children()
    return sorted((one for one in children if "infer_compare.worker" in one.cmdline()), key=lambda one: one.pid)


class Watching(Observer):
    """Does something whenever slices are about to be timed."""

    def __init__(self, act) -> None:
        self._act = act

    def timing(self, point):
        self._act(point.batch)


@pytest.mark.slow
@pytest.mark.skipif(len(cores()) < 2, reason="needs a core for each instance")
def test_two_processes_of_one_contender_run_at_the_same_time(real_sweep) -> None:
    """Each is a worker with cores of its own."""
    masks: list[list[tuple[int, ...]]] = []

    def look(_: int) -> None:
        masks.append([tuple(worker.cpu_affinity()) for worker in workers()])

    run = real_sweep("reference:label=pair,instances=2", batch_sizes=(1,), observer=Watching(look))
    assert all(len(own) == 2 and not set(own[0]) & set(own[1]) for own in masks)
    assert {start.processors for start in run.starts} == {tuple(masks[0])}
    assert {start.beside for start in run.starts} == {1}
    for piece in slices(run, "pair"):
        assert len(piece.instances.calls) == 2
        assert piece.instances.window_ns > 0
        assert min(piece.instances.calls) > 0


@pytest.mark.slow
def test_when_one_of_two_processes_is_killed_the_point_is_lost_and_the_other_is_ended(real_sweep) -> None:
    """The contender gets a fresh pair for the next size."""
    killed: list[int] = []

    def kill(batch: int) -> None:
        if batch == 2 and not killed:
            killed.append(workers()[1].pid)
            os.kill(killed[0], signal.SIGKILL)

    run = real_sweep(PAIR, batch_sizes=(1, 2), observer=Watching(kill))
    (death,) = run.deaths
    assert (death.point.batch, death.outcome.signal) == (2, "SIGKILL")
    assert any(point.measured for point in run.points if point.point.batch == 1)


@pytest.mark.slow
def test_an_interrupt_while_instances_are_timed_leaves_no_process(real_sweep) -> None:
    """It comes while the parent waits for both."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        interrupt = threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            real_sweep(
                contender("pair", instances=2, fixed_us=200_000),
                batch_sizes=(1,),
                observer=Watching(lambda _: interrupt.start() if not interrupt.is_alive() else None),
            )
    finally:
        signal.signal(signal.SIGINT, handler)
    assert not workers()


def test_what_trial_calls_show_of_instances_is_what_all_of_them_serve(sweep) -> None:
    """Where nothing else is known, since the machine is busy."""
    run = sweep(PAIR, batch_sizes=(1,), gate=lambda *_args, **_others: "other programs took a core")
    assert run.closing.state == "stopped"
    assert "pair at batch 1 about 5,000" in document(run).answers[0].headline
