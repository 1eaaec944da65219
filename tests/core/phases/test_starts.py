"""How workers are started: those that explore ahead of their turns, those of restarts in a hurry, warm where that was shown."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import psutil
import pytest

from infer_compare import api
from infer_compare.environment.threads import usable_cores
from infer_compare.phases.ahead import IDLE_BYTES, begin_ahead
from infer_compare.phases.context import Surroundings
from infer_compare.phases.events import Observer
from infer_compare.results import Died, TimedOut
from infer_compare.worker.client import LocalProcess

from .conftest import contender, open_gate  # type: ignore[import-not-found]
from .virtual import virtual  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Iterator

several_cores = pytest.mark.skipif(
    usable_cores() < 2, reason="workers start ahead only where each has a core to itself"
)


@dataclass
class Machine:
    """How many of the workers are at work, at most."""

    begun: list[str] = field(default_factory=list)
    at_work: int = 0
    most: int = 0


@dataclass
class ScriptedProbes:
    """A worker that has imported its framework after it was looked at so often."""

    label: str
    looks: int
    machine: Machine
    instances: int = 1

    def begin(self, *, beside: int) -> None:
        self.machine.begun.append(self.label)
        self.machine.at_work += self.instances
        self.machine.most = max(self.machine.most, self.machine.at_work)

    def opened(self, seconds: float) -> bool:
        self.looks -= 1
        if self.looks == 0:
            self.machine.at_work -= self.instances
        return self.looks <= 0


def scripted(*looks: int) -> tuple[Machine, list[ScriptedProbes]]:
    """A machine with one worker for each number of looks."""
    machine = Machine()
    return machine, [ScriptedProbes(f"worker {place}", number, machine) for place, number in enumerate(looks)]


@pytest.mark.parametrize("cores", [2, 3, 8])
def test_as_many_workers_start_at_a_time_as_there_are_cores(cores: int) -> None:
    """The next one begins as soon as any of them is there, and all are begun in their order."""
    machine, starting = scripted(9, 1, 3, 2, 1)
    begin_ahead(starting, cores=cores, room=100 * IDLE_BYTES)
    assert machine.begun == [one.label for one in starting]
    assert (machine.most, machine.at_work) == (min(cores, 5), 0)


def test_the_workers_of_all_instances_count_where_several_start_ahead() -> None:
    """Two pairs have as many workers as there are cores; the third contender waits for one of them."""
    machine, starting = scripted(3, 3, 1)
    starting[0].instances = starting[1].instances = 2
    begin_ahead(starting, cores=4, room=5 * IDLE_BYTES)
    assert machine.most == 4
    begin_ahead(starting, cores=4, room=5 * IDLE_BYTES - 1)
    assert machine.begun == [one.label for one in starting]


@pytest.mark.parametrize(("cores", "room"), [(1, 100 * IDLE_BYTES), (8, 2 * IDLE_BYTES)])
def test_where_cores_or_memory_are_short_no_worker_starts_ahead(cores: int, room: int) -> None:
    """Three workers want two cores at least, and room for all three."""
    machine, starting = scripted(1, 1, 1)
    begin_ahead(starting, cores=cores, room=room)
    assert machine.begun == []


class Diary(Observer):
    """What was told, in order, with the number of workers that ran whenever a size was tried."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.running: list[int] = []

    def starting(self, phase, label):
        self.told.append((phase, label))

    def probing(self, label, point):
        self.told.append(("probing", label))
        self.running.append(sum(one.status() != psutil.STATUS_STOPPED for one in workers()))


def workers() -> Iterator[psutil.Process]:
    """Every worker of this process."""
    for one in psutil.Process(os.getpid()).children():
        if "infer_compare.worker" in one.cmdline():
            yield one


@several_cores
def test_workers_start_before_the_first_contender_is_tried_and_rest_until_it_is_their_turn(real_sweep):
    """While one contender is tried, nothing but its own worker runs."""
    diary = Diary()
    run = real_sweep(*(contender(label, start_ms=20) for label in "abc"), batch_sizes=(1,), observer=diary)
    assert diary.told[:3] == [("explore", label) for label in "abc"]
    assert [label for what, label in diary.told if what == "probing"] == [*"abc"]
    assert max(diary.running) <= 1
    assert {one.beside for one in run.starts if one.restart == 0} <= {1, 2}


@several_cores
def test_a_contender_that_dies_while_it_starts_ahead_costs_only_itself(sweep):
    """It is told of it in its turn, and the others are measured."""
    run = sweep(contender("a"), contender("lost", die_in="import"), contender("b"), batch_sizes=(1,))
    (unusable,) = run.unusable
    assert unusable.contender == "lost"
    assert isinstance(unusable.outcome, Died)
    assert {point.contender for point in run.points if point.measured} == {"a", "b"}


@several_cores
@pytest.mark.slow
def test_a_contender_that_hangs_while_it_starts_ahead_costs_only_itself(real_sweep):
    """It is ended at the deadline of its start."""
    surroundings = Surroundings(gate=open_gate, launch=partial(LocalProcess, start_deadline_s=3.0))
    stuck = contender("stuck", hang_in="import")
    run = real_sweep(stuck, contender("b"), contender("c"), surroundings=surroundings)
    (unusable,) = run.unusable
    assert unusable.contender == "stuck"
    assert isinstance(unusable.outcome, TimedOut)
    assert unusable.outcome.deadline_s == 3.0
    assert {point.contender for point in run.points if point.measured} == {"b", "c"}


@several_cores
def test_an_interrupt_while_several_workers_are_there_leaves_none(real_sweep):
    """Those that wait for their turns are ended as well."""

    class Interrupting(Observer):
        def probing(self, label, point):
            assert len(list(workers())) == 3
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        real_sweep(*(contender(label) for label in "abc"), observer=Interrupting())
    assert not list(workers())


@pytest.mark.parametrize(("kept", "explored"), [(0, ["a", "b"]), (1, [])])
def test_a_resumed_run_explores_with_workers_only_where_outputs_are_still_to_be_compared(
    sweep, installed, tmp_path, kept, explored
):
    """A round that is stored tells that they were."""
    sweep(contender("a"), contender("b"), rounds=2)
    file = tmp_path / "run" / "run.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    rounds = [number for number, line in enumerate(lines) if '"type":"round"' in line]
    file.write_text("".join(lines[: rounds[kept]]))
    diary = Diary()
    api.resume(tmp_path / "run", plugins=installed, observer=diary, surroundings=virtual(open_gate))
    assert [label for phase, label in diary.told if phase == "explore"] == explored


def test_later_restarts_warm_up_briefly_what_was_as_fast_at_once(sweep):
    """Calls of 12 ms are three in place of twelve; but what a worker runs first is warmed up for as long as ever."""
    run = sweep(contender("a", fixed_us=12_000, per_sample_us=0), restarts=2)
    first, second = (
        [one for done in run.rounds if done.restart == restart for one in done.warm_ups] for restart in (1, 2)
    )
    assert all(one.settled and one.calls >= 11 for one in first)
    assert second[0].calls >= 11
    assert second[1].calls < 8


def test_a_worker_that_a_restart_lost_is_replaced_by_one_that_starts_alone(sweep):
    """What is stored of a start tells how many others there were."""
    run = sweep(contender("late", die_in="run", after_calls=1500, at_batch=2, fixed_us=100), contender("b"))
    restarted = [one.beside for one in run.starts if one.contender == "late" and one.restart == 1]
    assert restarted[0] == 1
    assert restarted[1:] == [0] * (len(restarted) - 1)
    assert len(restarted) > 1


@several_cores
def test_workers_that_confirm_start_together_and_wait_for_their_turns(sweep):
    """Each runs one size; what they import is imported side by side."""
    diary = Diary()
    run = sweep(contender("a"), batch_sizes=(1, 2, 4), restarts=2, observer=diary)
    last = max(one.restart for one in run.starts)
    confirmed = {one.point for one in run.rounds if one.phase == "confirm"}
    assert len(confirmed) == 2
    assert {one.restart for one in run.rounds if one.phase == "confirm"} == {last}
    assert [one.beside for one in run.starts if one.restart == last] == [1, 1]
    assert diary.told[-2:] == [("measure", "a")] * 2


class Timing(Diary):
    """Also notes the restarts, and how many workers are awake when a size is about to be timed."""

    def __init__(self) -> None:
        super().__init__()
        self.awake: list[int] = []

    def measuring(self, restart, restarts, points):
        self.told.append(("restart", str(restart)))

    def timing(self, point):
        self.told.append(("timing", ""))
        # A signal to stop takes a moment.
        for _ in range(100):
            awake = sum(one.status() != psutil.STATUS_STOPPED for one in workers())
            if not awake:
                break
            time.sleep(0.01)
        self.awake.append(awake)


@several_cores
def test_the_workers_of_the_second_restart_start_with_those_of_the_first_and_wait(real_sweep):
    """No core is idle while the slowest framework is imported; when a size is timed all others are suspended."""
    diary = Timing()
    real_sweep(contender("a"), contender("b"), restarts=3, batch_sizes=(1,), observer=diary)
    told = diary.told[diary.told.index(("restart", "1")) :]
    first = told[1 : told.index(("timing", ""))]
    assert sorted(first) == [("measure", label) for label in "aabb"]
    second = told[told.index(("restart", "2")) :]
    assert second[1] == ("timing", "")
    assert max(diary.awake) == 0


def test_with_a_budget_no_worker_starts_before_its_restart(sweep):
    """A second restart is not sure to follow."""
    diary = Timing()
    sweep(contender("a"), contender("b"), budget=600.0, restarts=None, rounds=None, batch_sizes=(1,), observer=diary)
    told = diary.told[diary.told.index(("restart", "1")) :]
    assert sorted(told[1 : told.index(("timing", ""))]) == [("measure", "a"), ("measure", "b")]


@pytest.mark.parametrize(("mode", "rounds"), [("quick", 2), ("default", 4)])
def test_a_size_is_confirmed_with_as_many_rounds_as_a_restart_of_the_mode_has(sweep, mode, rounds):
    """Whatever number of rounds was asked for."""
    run = sweep(contender("a"), contender("b", fixed_us=300), mode=mode, restarts=2, rounds=1, batch_sizes=(1, 2, 4))
    confirmed = [done.point for done in run.rounds if done.phase == "confirm"]
    assert {confirmed.count(point) for point in confirmed} == {rounds}


def test_a_round_that_is_rejected_while_a_size_is_confirmed_is_repeated(sweep):
    """As in a restart: two rounds are few enough."""
    diary, spoilt = Timing(), []

    def gate(*_args: object, **_kwargs: object) -> str | None:
        confirming = sum(what == "measure" for what, _ in diary.told) > 2
        if confirming and not spoilt:
            spoilt.append("others ran")
            return spoilt[0]
        return None

    run = sweep(contender("a"), restarts=2, batch_sizes=(1, 2, 4), observer=diary, gate=gate)
    confirmed = [done for done in run.rounds if done.phase == "confirm"]
    (rejected,) = [done.point for done in confirmed if not done.clean]
    assert sum(done.clean for done in confirmed if done.point == rejected) == 2
