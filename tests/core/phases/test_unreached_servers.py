"""Contenders whose server is not there, comes late, goes away and comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infer_compare import api
from infer_compare.phases.events import Observer
from infer_compare.phases.patience import WAITS_S
from infer_compare.plugins import Plugins
from infer_compare.report.document import document
from infer_compare.results import LimitReached, Measured, Skipped, Unavailable

from .conftest import asked, contender, open_gate  # type: ignore[import-not-found]
from .virtual import VirtualTime, virtual  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

INSTALLED = Plugins.discover(block=["*", "torch", "tensorflow"])


class Server:
    """A server that is there while a file is, and waits that are counted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.slept: list[float] = []
        self.time = VirtualTime()
        self.up_after = 1000
        """Waits after which it is there."""

    def up(self) -> None:
        self.path.touch()

    def down(self) -> None:
        self.path.unlink(missing_ok=True)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time.sleep(seconds)
        if len(self.slept) >= self.up_after:
            self.up()


class Watcher(Observer):
    """Does something when a round begins."""

    def __init__(self, rounds: Callable[[int], None]) -> None:
        self._begun = 0
        self._rounds = rounds

    def timing(self, point: object) -> None:
        """Counts rounds."""
        self._begun += 1
        self._rounds(self._begun)


@pytest.fixture
def server(tmp_path) -> Server:
    """One that is not there yet."""
    return Server(tmp_path / "server")


@pytest.fixture
def run(tmp_path, server):
    """Runs a contender with that server beside one without any."""

    def run(observer=None, resumed=False, **options):
        surroundings = virtual(open_gate, sleep=server.sleep)
        server.time = surroundings.launch.time
        folder = tmp_path / "run"
        if resumed:
            return api.resume(folder, plugins=INSTALLED, surroundings=surroundings, observer=observer)
        server_options = {name: options.pop(name) for name in ("refuse_above",) if name in options}
        request = asked(
            contender("near", oom_above=9), contender("far", server=server.path, **server_options), **options
        )
        return api.sweep(request, folder, plugins=INSTALLED, surroundings=surroundings, observer=observer)

    return run


def outcomes(run, label="far"):
    """How the points of a contender ended, by batch size."""
    return {point.point.batch: point.outcome for point in run.points if point.contender == label}


def shortcomings(run):
    """What is said to be without an answer."""
    return document(run, explorable=False).shortcomings


def test_a_server_that_starts_late_is_waited_for_and_nothing_is_missing(run, server):
    """Fresh workers try again, a little later each time."""
    server.up_after = 3
    done = run()
    assert server.slept == list(WAITS_S[:3])
    assert done.unusable == ()
    assert all(point.measured for point in done.points)
    assert shortcomings(done) == ()


def test_a_server_that_never_comes_costs_its_contender_alone(run, server):
    """It is left out after a bounded number of tries, the other one is measured, and the sentences say what to do."""
    done = run()
    assert server.slept == list(WAITS_S)
    (record,) = done.unusable
    assert record.contender == "far"
    assert isinstance(record.outcome, Unavailable)
    assert record.outcome.tries == len(WAITS_S) + 1
    assert all(isinstance(outcome, Measured) for outcome in outcomes(done, "near").values())
    assert done.closing.state == "complete"
    (sentence,) = shortcomings(done)
    assert "did not reach its server in 6 tries (fake: nobody answers at localhost:1)" in sentence
    assert any("start it, then continue with --resume" in note.text for note in done.notes)


def test_a_resumed_run_tries_again_and_compares_and_measures_both(run, server):
    """As if the server had been there from the beginning."""
    run(restarts=2)
    server.up()
    done = run(resumed=True)
    assert done.unusable == ()
    assert all(point.measured for point in done.points)
    assert {(one.contender, one.verdict) for one in done.agreements} >= {("far", "agrees")}
    assert len({one.restart for one in done.rounds if one.phase == "measure" and "far" in one.order}) == 2
    assert shortcomings(done) == ()


def test_a_resumed_run_whose_server_is_still_away_says_so_once(run, server):
    """There is one record of it however often it is tried."""
    run()
    server.slept.clear()
    done = run(resumed=True)
    assert server.slept == list(WAITS_S)
    assert len(done.unusable) == 1
    assert len(shortcomings(done)) == 1


def test_a_server_that_goes_away_keeps_what_was_measured_of_it(run, server):
    """The rounds before stay; the other contender gets all of its own; restarts after it try once each."""
    server.up()
    done = run(Watcher(lambda begun: server.down() if begun == 2 else None), restarts=3)
    assert server.slept == list(WAITS_S)
    assert {death.contender for death in done.deaths} == {"far"}
    assert all(isinstance(death.outcome, Unavailable) for death in done.deaths)
    assert {one.restart for one in done.rounds if "near" in one.order} >= {1, 2, 3}
    assert any("far" in one.order for one in done.rounds)
    assert any("did not reach its server" in sentence for sentence in shortcomings(done))


@pytest.mark.slow
def test_what_went_away_while_it_was_measured_is_measured_when_it_is_back(run, server):
    """Restarts without it are made again."""
    server.up()
    run(Watcher(lambda begun: server.down() if begun == 3 else None), restarts=2)
    server.up()
    done = run(resumed=True)
    together = {one.restart for one in done.rounds if one.phase == "measure" and set(one.order) == {"near", "far"}}
    assert len(together) >= 2
    assert shortcomings(done) == ()


def test_a_connection_that_fails_once_costs_no_point(run, server):
    """The round is made again by a fresh worker."""
    server.up()
    server.up_after = 1
    done = run(Watcher(lambda begun: server.down() if begun == 1 else None))
    assert all(point.measured for point in done.points)
    assert len(server.slept) == 1
    assert shortcomings(done) == ()


@pytest.mark.slow
def test_a_server_that_goes_away_between_two_sizes_is_tried_again_by_a_resumed_run(run, server):
    """The size, and those that were left out for it."""

    class Probing(Observer):
        def probed(self, contender, point, outcome):
            if contender == "far" and point.batch == 2:
                server.down()

    server.up()
    done = run(Probing(), batch_sizes=(1, 2, 4, 8))
    assert isinstance(outcomes(done)[4], Unavailable)
    assert outcomes(done)[8] == Skipped(reason="not tried, since batch 4 did not reach its server")
    server.up()
    done = run(resumed=True)
    assert all(isinstance(outcome, Measured) for outcome in outcomes(done).values())
    assert all(point.measured for point in done.points)


def test_a_size_that_the_server_refuses_is_a_limit(run, server):
    """413 is no failure."""
    server.up()
    done = run(batch_sizes=(1, 2, 4, 8), refuse_above=3)
    assert isinstance(outcomes(done)[4], LimitReached)
    assert isinstance(outcomes(done)[8], Skipped)
    assert shortcomings(done) == ()


@pytest.mark.slow
def test_a_search_for_the_limit_without_its_server_finds_no_limit_and_is_made_again(run, server):
    """A server that is away says nothing of a size."""

    class Searching(Observer):
        def probing(self, contender, point):
            if contender == "far" and point.batch > 2:
                server.down()

    server.up()
    done = run(Searching(), find_limit=True, refuse_above=40)
    (limit,) = (one for one in done.limits if one.contender == "far")
    assert isinstance(limit.failure, Unavailable)
    assert (limit.largest_fitting, limit.smallest_failing) == (2, None)
    assert any("the search for the largest batch of far ended early" in sentence for sentence in shortcomings(done))
    server.up()
    (limit,) = (one for one in run(resumed=True).limits if one.contender == "far")
    assert (limit.largest_fitting, limit.smallest_failing) == (40, 41)


@pytest.mark.slow
def test_the_budget_is_not_waited_away(run, server):
    """A wait that would end after it is not begun."""
    run(budget=3.0)
    assert sum(server.slept) < 3
