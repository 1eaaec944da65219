"""The stopping rule, look by look and simulated."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import numpy as np
import pytest

from infer_compare.verdicts.contrast import PairedRounds, SeparateRounds
from infer_compare.verdicts.evidence import Family
from infer_compare.verdicts.looks import Verdict, settled
from infer_compare.verdicts.protocol import FAMILY_ERROR, LOOKS, RESTARTS, error_of_look
from infer_compare.verdicts.settle import (
    Settlement,
    first_settlement,
    hopeless,
    settlement,
    stalled,
)

if TYPE_CHECKING:
    from collections.abc import Callable

QUICK, DEFAULT, THOROUGH = RESTARTS["quick"], RESTARTS["default"], RESTARTS["thorough"]


def rounds(*restarts: list[float], allowance: float = 0.0) -> PairedRounds:
    """Clean rounds by restart, as ratios of throughputs."""
    return PairedRounds(groups=tuple(tuple(map(log, ratios)) for ratios in restarts), allowance=allowance)


def turned(data: PairedRounds) -> PairedRounds:
    """The same with the other contender first."""
    return PairedRounds(groups=tuple(tuple(-value for value in group) for group in data.groups))


@pytest.mark.parametrize(
    ("data", "planned", "verdict"),
    [
        (rounds([2.0, 2.01]), QUICK, None),
        (rounds([2.0, 2.01], [2.0, 2.02]), QUICK, Verdict.FASTER),
        (rounds([2.0, 2.01], [2.0]), QUICK, None),
        (rounds([2.0, 1.14], [2.0, 2.02]), QUICK, None),
        (rounds([1.10, 1.10], [1.10, 1.10]), QUICK, None),
        (rounds([1.6, 4.0], [9.0, 20.0]), QUICK, None),
        (rounds([1.10, 1.10], [1.09, 1.10], [1.10, 1.11]), QUICK, Verdict.FASTER),
        (rounds([1.02, 1.02], [1.02, 1.03], [1.02, 1.01]), QUICK, None),
        (rounds([1.0, 1.0], [1.0, 1.0]), QUICK, None),
        (rounds([1.0, 1.0], [1.0, 1.0], [1.0, 1.01]), QUICK, Verdict.SAME),
        (rounds([1.3, 1.31], [1.8, 1.82], [2.6, 2.5]), QUICK, None),
        (rounds([1.3, 1.3], [1.32, 1.32], [1.3, 1.31]), QUICK, Verdict.FASTER),
        (rounds([1.02, 1.04], [1.05, 1.05], [1.09, 1.07]), QUICK, None),
        (rounds([1.05, 1.05], [1.05, 1.06], [1.05, 1.06], [1.05, 1.05]), DEFAULT, Verdict.FASTER),
        (rounds([1.03, 1.02], [1.01, 1.04], [1.02, 1.06], [1.0, 1.05]), DEFAULT, None),
        (rounds([0.8, 1.3], [1.2, 0.9], [1.0, 1.1], [0.9, 1.2]), DEFAULT, None),
    ],
    ids=[
        "one restart says nothing",
        "two restarts and a large difference",
        "a restart with a single round",
        "a round below the guard",
        "a difference below the guard",
        "guarded, and the interval too wide",
        "a small difference after three",
        "a difference within the margin is not faster",
        "no SAME after two restarts",
        "SAME after three",
        "restarts that disagree",
        "the second guard",
        "a small difference among restarts that scatter",
        "five per cent after four",
        "across the margin",
        "noise",
    ],
)
def test_a_look_settles_what_it_may(data: PairedRounds, planned: int, verdict: Verdict | None) -> None:
    """After the last of these restarts; the other way round it is SLOWER."""
    opposite = {Verdict.FASTER: Verdict.SLOWER}
    looks = len(data.groups)
    assert settled(data, looks, planned) is verdict
    assert settled(turned(data), looks, planned) is (opposite.get(verdict, verdict) if verdict else None)


def test_every_plan_spends_one_per_cent_and_an_early_end_spends_what_is_left() -> None:
    """Restarts may be fewer than planned: the last look then has the share of those that were not taken."""
    for planned in (DEFAULT, THOROUGH):
        assert sum(LOOKS[planned].values()) == pytest.approx(FAMILY_ERROR)
    assert [error_of_look(restarts, QUICK, last=restarts == 3) for restarts in (2, 3)] == [0.002, 0.01]
    assert [error_of_look(restarts, DEFAULT, last=restarts == 4) for restarts in (2, 3, 4)] == [0.001, 0.003, 0.006]
    assert error_of_look(3, DEFAULT, last=True) == pytest.approx(0.009)
    assert error_of_look(6, THOROUGH, last=False) == 0
    assert error_of_look(6, THOROUGH, last=True) == pytest.approx(0.004)
    assert error_of_look(2, DEFAULT, last=True) == 0.001
    # Plans of other lengths look as the next longer one does.
    assert error_of_look(3, 2, last=False) == error_of_look(3, QUICK, last=False)
    assert error_of_look(3, 6, last=False) == error_of_look(3, THOROUGH, last=False)


def test_many_points_share_the_error_and_lend_each_other_their_scatter() -> None:
    """Three quiet points make a fourth plain that says nothing alone; beside noisy ones it stays open."""
    open_ = rounds([1.03, 1.03], [1.05, 1.05], [1.075, 1.075])
    quiet = [rounds([1.0, 1.0], [1.0, 1.001], [1.001, 1.0]) for _ in range(3)]
    noisy = [rounds([1.0, 1.0], [1.1, 1.09], [0.95, 0.96]) for _ in range(3)]
    assert settled(open_, 3, QUICK) is None
    assert settled(open_, 3, QUICK, family=Family((open_, *quiet))) is Verdict.FASTER
    assert settled(open_, 3, QUICK, family=Family((open_, *noisy))) is None


def test_a_point_that_left_early_lends_no_scatter_to_those_that_went_on() -> None:
    """It left because its restarts lay close together, by chance too; it still shares the error."""
    open_ = rounds([1.05, 1.05], [1.04, 1.05], [1.05, 1.06])
    early = [rounds([1.5, 1.5], [1.5, 1.501]) for _ in range(3)]
    alone, with_others = Family((open_,)), Family((open_, *early))
    assert with_others.evidence(open_, 3) == alone.evidence(open_, 3)
    assert (alone.points(open_, 3), with_others.points(open_, 3)) == (1, 4)
    assert with_others.evidence(open_, 2) != alone.evidence(open_, 2)


def test_restarts_are_matched_by_their_number() -> None:
    """Where a point had no clean round in a restart, the others lend it theirs of the restarts that it has."""
    groups = ((0.0, 0.0), (0.04, 0.04), (0.0, 0.0))
    whole = PairedRounds(groups=groups)
    missing = PairedRounds(groups=(groups[0], groups[2]), numbers=(1, 3))
    evidence = Family((whole, missing)).evidence(missing)
    assert evidence is not None
    # Restarts 1 and 3 do not differ at either point.
    assert evidence.deviation == pytest.approx(0.015 / np.sqrt(2))


def test_a_look_sees_nothing_of_later_restarts() -> None:
    """Restarts done after the look are left out."""
    data = rounds([2.0, 2.01], [2.0, 2.02], [0.5, 0.5], [0.5, 0.5])
    assert settled(data, 2) is Verdict.FASTER
    assert settled(data, 3) is None


def test_later_looks_of_a_thorough_run_are_taken_at_its_end_only() -> None:
    """After four restarts, then after eight, or when the budget ends it."""
    data = rounds([1.03, 1.0], [0.93, 1.0], [1.06, 1.02], [1.0, 1.07], *([[1.001, 1.0]] * 16))
    assert settled(data, 4, THOROUGH) is None
    assert [settled(data, looks, THOROUGH, margin=0.06) for looks in (5, 6, 7)] == [None] * 3
    assert settled(data, 8, THOROUGH, margin=0.06) is Verdict.SAME
    assert settled(data, 6, THOROUGH, margin=0.06, last=True) is Verdict.SAME
    assert settled(data, 4, THOROUGH, margin=0.12) is Verdict.SAME


def test_contention_that_was_accepted_widens_every_look() -> None:
    """With an allowance of 10 % neither SAME nor a small difference can be shown."""
    same = [[1.0, 1.0], [1.0, 1.0], [1.0, 1.01], [0.99, 1.0]]
    small = [[1.08, 1.08], [1.08, 1.08], [1.08, 1.081], [1.08, 1.08]]
    assert settled(rounds(*same), 4) is Verdict.SAME
    assert settled(rounds(*same, allowance=0.1), 4) is None
    assert settled(rounds(*small), 4) is Verdict.FASTER
    assert settled(rounds(*small, allowance=0.1), 4) is None


def test_the_first_look_that_settles_decides_while_later_restarts_bear_it_out() -> None:
    """Later restarts, run for another pair, confirm it or leave it open; they settle nothing that it did not."""
    early = [[2.0, 2.01], [2.0, 2.02]]
    assert settlement(rounds(*early, [1.9, 1.9])) == Settlement(Verdict.FASTER, 2)
    contradicted = rounds(*early, [0.9, 1.0])
    assert first_settlement(contradicted) == Settlement(Verdict.FASTER, 2)
    assert settlement(contradicted) is None
    assert settlement(rounds([1.1, 1.1])) is None


def test_a_run_that_ended_early_is_looked_at_where_it_ended() -> None:
    """A thorough run whose budget ended after six restarts gets its last look there."""
    noisy = [[1.03, 1.02], [1.0, 1.04], [0.97, 0.98], [0.97, 0.96]]
    data = rounds(*noisy, *([[1.0, 1.0]] * 2))
    assert settlement(data, THOROUGH) is None
    assert settlement(data, THOROUGH, ended=True) == Settlement(Verdict.SAME, 6)


def test_an_interval_that_stopped_shrinking_is_told() -> None:
    """From the fifth restart on, one that helps by less than a twentieth is wasted."""
    even = [[1.0, 1.02], [1.01, 1.03], [0.99, 1.0], [1.0, 1.01]]
    assert not stalled(rounds(*even))
    assert not stalled(rounds(*even, [1.0, 1.01]))
    assert stalled(rounds(*even, [1.05, 1.06]))


def test_single_rounds_settle_by_the_guards_until_the_fourth_restart() -> None:
    """They do not tell how much rounds scatter, so that three of them may lie close together by chance."""
    small = rounds([1.1], [1.1], [1.1], [1.1])
    assert [settled(small, looks, DEFAULT) for looks in (2, 3, 4)] == [None, None, Verdict.FASTER]
    assert settled(rounds([1.3], [1.3], [1.3]), 3, QUICK) is Verdict.FASTER
    same = rounds([1.0], [1.0], [1.0], [1.0])
    assert [settled(same, looks, DEFAULT) for looks in (3, 4)] == [None, Verdict.SAME]


def test_single_rounds_within_the_guard_are_hopeless_in_a_quick_run() -> None:
    """No look to come could settle them; with two rounds in a restart somewhere, or a fourth restart, it could."""
    near, far = rounds([1.4], [1.2]), rounds([1.4], [1.3])
    assert hopeless(near, Family((near, far)), to_come=1)
    assert not hopeless(far, Family((near, far)), to_come=1)
    assert not hopeless(near, Family((near,)), to_come=2)
    assert not hopeless(near, Family((near, rounds([1.0, 1.0]))), to_come=1)
    assert hopeless(turned(near), Family((turned(near),)), to_come=1)


def test_contenders_measured_apart_are_settled_by_every_round_of_both() -> None:
    """Without pairs, the slowest round of one must beat the fastest of the other by the guard."""

    def apart(*fast: float) -> SeparateRounds:
        a = tuple((log(value), log(value)) for value in fast)
        return SeparateRounds(groups_a=a, groups_b=((0.0, 0.01), (0.0, -0.01)))

    # One degree of freedom: the interval of two restarts hardly ever leaves 1 out.
    assert settled(apart(2.0, 2.01), 2) is Verdict.FASTER
    assert settled(apart(2.0, 1.5), 2) is None


def simulate(
    draw: Callable[[np.random.Generator, int], tuple[tuple[float, ...], ...]], runs: int, seed: int, planned: int
) -> list[Settlement | None]:
    """The settlements of many runs of one point."""
    rng = np.random.default_rng(seed)
    return [settlement(PairedRounds(groups=draw(rng, planned)), planned) for _ in range(runs)]


def normal(
    ratio: float, tau: float, sigma: float = 0.02, each: int = 2
) -> Callable[..., tuple[tuple[float, ...], ...]]:
    """Normal noise between restarts and between rounds."""

    def draw(rng: np.random.Generator, restarts: int) -> tuple[tuple[float, ...], ...]:
        levels = log(ratio) + rng.normal(0, tau, restarts)
        return tuple(tuple(level + rng.normal(0, sigma, each)) for level in levels)

    return draw


@pytest.mark.parametrize(("tau", "planned"), [(0.01, QUICK), (0.03, DEFAULT)])
def test_equal_contenders_are_seldom_called_different(tau: float, planned: int) -> None:
    """In one run of a hundred, as far as so few of them tell; `benchmarks/rule.py` draws ten thousand."""
    found = simulate(normal(1.0, tau), 150, 11, planned)
    different = [one for one in found if one and one.verdict in {Verdict.FASTER, Verdict.SLOWER}]
    assert len(different) <= 4


def test_a_large_difference_settles_early() -> None:
    """A factor of two stands after two or three restarts, in the right direction."""
    found = simulate(normal(2.0, 0.03), 100, 12, QUICK)
    assert len([one for one in found if one and one.verdict is Verdict.FASTER]) >= 0.95 * len(found)
    assert not [one for one in found if one and one.verdict in {Verdict.SLOWER, Verdict.SAME}]


def test_a_quick_run_on_a_quiet_machine_shows_ten_per_cent_and_sameness() -> None:
    """With the scatter that restarts have there."""
    found = simulate(normal(1.1, 0.003, 0.004), 100, 13, QUICK)
    assert len([one for one in found if one and one.verdict is Verdict.FASTER]) >= 0.98 * len(found)
    found = simulate(normal(1.0, 0.003, 0.004), 100, 14, QUICK)
    assert len([one for one in found if one and one.verdict is Verdict.SAME]) >= 0.8 * len(found)


def test_slow_processes_are_seldom_taken_for_a_difference() -> None:
    """One worker in ten is wholly 1.35x slow, for all of its life."""

    def draw(rng: np.random.Generator, restarts: int) -> tuple[tuple[float, ...], ...]:
        slow = np.log(1.35) * (rng.random((2, restarts)) < 0.1)
        levels = slow[0] - slow[1] + rng.normal(0, 0.01, restarts)
        return tuple(tuple(level + rng.normal(0, 0.02, 2)) for level in levels)

    found = simulate(draw, 150, 15, DEFAULT)
    different = [one for one in found if one and one.verdict in {Verdict.FASTER, Verdict.SLOWER}]
    assert len(different) <= 5
