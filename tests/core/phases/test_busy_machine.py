"""A machine that others keep busy is seen before minutes are spent on it."""

import os
import subprocess
import sys
from itertools import count

from fault_injection import fake
from infer_compare.environment import gate as gates
from infer_compare.phases import busy
from infer_compare.phases.events import Observer
from infer_compare.report import document, text
from infer_compare.results import ForeignProcess
from infer_compare.results.slices import Diagnostics

from .virtual import virtual  # type: ignore[import-not-found]

MILLISECOND = 1_000_000
SLOW = f"{fake.__file__}:FakeBackend:fixed_us=10000"


def seen(*, wall_ms=50, own_ms=50, delay_ms=0, foreign_ms=0, top=None, others=(), major_faults=0):
    """Counts of a slice on a machine of two cores."""
    return Diagnostics(
        wall_ns=wall_ms * MILLISECOND,
        own_cpu_ns=own_ms * MILLISECOND,
        system_ns=0,
        run_delay_ns=delay_ms * MILLISECOND,
        foreign_ns=foreign_ms * MILLISECOND,
        steal_share=0.0,
        minor_faults=0,
        major_faults=major_faults,
        active_threads=1,
        cores=2,
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


class Neighbours:
    """Other programs, which use the machine when some looks are taken at it; a look takes a second."""

    def __init__(self, *busy: bool) -> None:
        self._busy = list(busy)
        self.looks = 0
        self.surroundings = virtual(lambda *_args, **_kwargs: "other programs" if self.spoil else None, look=self)
        self.spoil = False

    def __call__(self, _threads: int) -> Diagnostics | None:
        self.surroundings.sleep(1.0)
        self.looks += 1
        if self._busy and self._busy.pop(0):
            return seen(wall_ms=1000, foreign_ms=1500, top=ForeignProcess(77, "hog", 0.98))
        self.spoil = False
        return None


class Waited(Observer):
    """Keeps what it hears of waiting."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, float]] = []
        self.noted: list[tuple[str, str]] = []

    def waiting(self, busy: str, *, remaining_s: float) -> None:
        self.heard.append((busy, remaining_s))

    def note(self, topic: str, text: str) -> None:
        self.noted.append((topic, text))


def test_a_run_waits_until_other_programs_have_ended(sweep) -> None:
    """It says how long it will wait still, looks twice when it is quiet, and then measures."""
    neighbours, observer = Neighbours(*[True] * 15), Waited()
    run = sweep(SLOW, surroundings=neighbours.surroundings, observer=observer, wait=120.0)

    assert run.closing.state == "complete"
    assert run.rounds
    assert len(observer.heard) == 15
    assert "other programs use 1.5 of 2 cores: hog (pid 77) 98 % of a core" in observer.heard[0][0]
    left = [remaining_s for _, remaining_s in observer.heard]
    assert left[0] == 120
    assert left == sorted(left, reverse=True)
    assert neighbours.looks == 17


def test_a_machine_that_stays_busy_is_measured_when_the_time_is_over(sweep) -> None:
    """The gate then says what counts."""
    neighbours, observer = Neighbours(*[True] * 1000), Waited()
    run = sweep(SLOW, surroundings=neighbours.surroundings, observer=observer, wait=20.0)

    assert run.closing.state == "complete"
    assert ("machine", "still busy at the end of --wait; measured anyway") in observer.noted


def test_a_run_that_is_not_asked_to_wait_does_not_look(sweep) -> None:
    """A quiet machine costs nothing."""
    neighbours = Neighbours(*[True] * 1000)
    assert sweep(SLOW, surroundings=neighbours.surroundings).rounds
    assert neighbours.looks == 0


def test_a_machine_that_becomes_busy_later_is_waited_for(sweep) -> None:
    """With what is left of the time: the first rounds are spoilt, then it is quiet and they are made again."""
    neighbours = Neighbours(False, True, True, True)

    class Later(Waited):
        def measuring(self, *_args: object) -> None:
            neighbours.spoil = True

    observer = Later()
    run = sweep(SLOW, surroundings=neighbours.surroundings, observer=observer, wait=120.0, rounds=8)

    assert run.closing.state == "complete"
    assert len(observer.heard) == 3
    assert [one.clean for one in run.rounds][:6] == [False] * 6
    assert any(one.clean for one in run.rounds)


def test_the_three_busiest_programs_are_named(sweep) -> None:
    """And what all of them take together."""
    others = tuple(
        ForeignProcess(pid, name, share) for pid, name, share in ((8, "cc1", 0.3), (9, "ld", 0.2), (10, "sh", 0.1))
    )
    told = busy.described([seen(wall_ms=1000, foreign_ms=1600, top=ForeignProcess(7, "hog", 0.98), others=others)])

    assert told == (
        "the machine is busy: other programs use 1.6 of 2 cores: hog (pid 7) 98 %, cc1 (pid 8) 30 % and ld (pid 9) 20 % of a core"
    )


def test_a_run_that_was_stopped_shows_what_trial_calls_saw(sweep) -> None:
    """As rough figures, in the answer and in the table."""
    hog = seen(wall_ms=1000, foreign_ms=1000, top=ForeignProcess(77, "hog", 0.98))
    surroundings = virtual(lambda *_args, **_kwargs: "other programs took the time", look=lambda _threads: hog)
    made = document(sweep(SLOW, surroundings=surroundings))
    told = " ".join(text.TextReporter().render(made).split())

    assert "only trial calls ran. Roughly, in samples/s:" in told
    assert "at batch 2 about 200" in told
    assert "--wait 5m" in told
