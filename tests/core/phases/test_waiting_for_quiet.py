"""A run that waits for a quiet machine, and what it says of a busy one; in a time that passes only where it is spent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.phases import busy
from infer_compare.phases.events import Observer
from infer_compare.report import document, text
from infer_compare.results import ForeignProcess

from .test_busy_machine import SLOW, seen  # type: ignore[import-not-found]
from .virtual import virtual  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from infer_compare.results.slices import Diagnostics


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
