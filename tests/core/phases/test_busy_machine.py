"""A machine that others keep busy is seen before minutes are spent on it."""

import os
import subprocess
import sys
from itertools import count

from fault_injection import fake
from infer_compare.environment import gate as gates
from infer_compare.phases import busy
from infer_compare.results import ForeignProcess
from quiet_slices import quiet

from .virtual import virtual  # type: ignore[import-not-found]

MILLISECOND = 1_000_000
SLOW = f"{fake.__file__}:FakeBackend:fixed_us=10000"


def seen(*, wall_ms=50, own_ms=50, delay_ms=0, foreign_ms=0, top=None, others=(), major_faults=0):
    """Counts of a slice on a machine of two cores."""
    return quiet(
        wall_ms * MILLISECOND,
        threads=1,
        own_cpu_ns=own_ms * MILLISECOND,
        run_delay_ns=delay_ms * MILLISECOND,
        foreign_ns=foreign_ms * MILLISECOND,
        major_faults=major_faults,
        top=top,
        others=others,
    )


def test_the_gate_looks_at_exploring_as_a_whole() -> None:
    """Two probes, each too short to show anything alone."""
    probes = [seen(wall_ms=40, own_ms=30, delay_ms=30, foreign_ms=40)] * 2

    assert "waited 50 %" in busy.disturbed(probes, gates.rejection, threads=2, schedstat=True)
    assert busy.disturbed(probes[:1], gates.rejection, threads=2, schedstat=True) is None


def test_a_worker_that_waits_for_itself_is_not_disturbed() -> None:
    """Its threads wait, and nobody else ran."""
    assert busy.disturbed([seen(delay_ms=40)] * 3, gates.rejection, threads=2, schedstat=True) is None


def test_pages_read_for_the_first_time_do_not_make_a_machine_busy() -> None:
    """Exploring touches everything first."""
    assert busy.disturbed([seen(major_faults=9)] * 3, gates.rejection, threads=2, schedstat=True) is None


def test_nothing_explored_says_nothing() -> None:
    """Such as where a run is resumed."""
    assert busy.disturbed([], gates.rejection, threads=2, schedstat=True) is None


def test_a_look_sees_that_others_leave_no_room() -> None:
    """One busy loop on each core."""
    cores = len(os.sched_getaffinity(0))
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(cores)]
    try:
        found = busy.look(cores, seconds=0.5)
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()

    assert found is not None
    assert "other programs use" in busy.described([found])
    assert "python" in busy.described([found])
    assert "of a core" in busy.described([found])


def test_one_thread_has_room_beside_one_busy_core() -> None:
    """The rule counts cores, not programs."""
    assert gates.crowd(seen(wall_ms=200, own_ms=0, foreign_ms=200), threads=1) is None
    assert gates.crowd(seen(wall_ms=200, own_ms=0, foreign_ms=200), threads=2) is not None


def test_a_busy_machine_ends_the_run_before_its_first_restart(sweep) -> None:
    """Every contender was disturbed while it explored, and one look more saw the same."""
    hog = seen(wall_ms=1000, foreign_ms=1000, top=ForeignProcess(77, "hog", 0.98))

    surroundings = virtual(lambda *_args, **_kwargs: "other programs took the time", look=lambda _threads: hog)
    run = sweep(SLOW, surroundings=surroundings)

    assert run.closing.state == "stopped"
    assert "hog (pid 77) 98 % of a core" in run.closing.reason
    assert not run.rounds


def test_a_machine_that_has_become_quiet_is_measured(sweep) -> None:
    """What disturbed exploring may be over."""
    slices = count()
    run = sweep(SLOW, gate=lambda *_args, **_kwargs: "other programs" if next(slices) == 0 else None)

    assert run.closing.state == "complete"
    assert run.rounds
