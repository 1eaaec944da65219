"""The stopping rule, look by look and simulated."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import numpy as np
import pytest

from infer_compare.verdicts.contrast import PairedRounds, SeparateRounds
from infer_compare.verdicts.protocol import EARLY_LOOKS, RESTARTS
from infer_compare.verdicts.settle import Settlement, Verdict, settled, settlement, stalled

if TYPE_CHECKING:
    from collections.abc import Callable


def rounds(*restarts: list[float], allowance: float = 0.0) -> PairedRounds:
    """Clean rounds by restart, as ratios of throughputs."""
    return PairedRounds(groups=tuple(tuple(map(log, ratios)) for ratios in restarts), allowance=allowance)


def turned(data: PairedRounds) -> PairedRounds:
    """The same with the other contender first."""
    return PairedRounds(groups=tuple(tuple(-value for value in group) for group in data.groups))


@pytest.mark.parametrize(
    ("data", "looks", "verdict"),
    [
        (rounds([2.0, 2.01]), 1, None),
        (rounds([2.0, 2.01], [2.0, 2.02]), 2, Verdict.FASTER),
        (rounds([2.0, 2.01], [2.0]), 2, None),
        (rounds([2.0, 1.49], [2.0, 2.02]), 2, None),
        (rounds([1.4, 1.4], [1.4, 1.4]), 2, None),
        (rounds([1.4, 1.4], [1.4, 1.41], [1.39, 1.4]), 3, Verdict.FASTER),
        (rounds([1.3, 1.24], [1.3, 1.3], [1.3, 1.3]), 3, None),
        (rounds([1.6, 4.0], [9.0, 20.0]), 2, None),
        (rounds([1.1, 1.1], [1.1, 1.1], [1.1, 1.11]), 3, None),
        (rounds([1.1, 1.1], [1.1, 1.1], [1.1, 1.11], [1.1, 1.09]), 4, Verdict.FASTER),
        (rounds([1.0, 1.0], [1.0, 1.0], [1.0, 1.01]), 3, None),
        (rounds([1.0, 1.0], [1.0, 1.0], [1.0, 1.01], [0.99, 1.0]), 4, Verdict.SAME),
        (rounds([1.02, 1.02], [1.02, 1.02], [1.02, 1.021], [1.02, 1.02]), 4, Verdict.SAME),
        (rounds([1.03, 1.02], [1.01, 1.04], [1.02, 1.06], [1.0, 1.05]), 4, None),
        (rounds([0.8, 1.3], [1.2, 0.9], [1.0, 1.1], [0.9, 1.2]), 4, None),
    ],
    ids=[
        "one restart says nothing",
        "two restarts and a guard",
        "a restart with a single round",
        "a round below the first guard",
        "a difference below the first guard",
        "three restarts and a lower guard",
        "a round below the second guard",
        "guarded, and the interval too wide",
        "a difference below both guards",
        "the ordinary rule",
        "no SAME after three restarts",
        "SAME after four",
        "SAME with a difference inside the margin",
        "across the margin",
        "noise",
    ],
)
def test_a_look_settles_what_it_may(data: PairedRounds, looks: int, verdict: Verdict | None) -> None:
    """Early looks ask for a large difference in every round; SAME comes late; the other way round it is SLOWER."""
    opposite = {Verdict.FASTER: Verdict.SLOWER}
    assert settled(data, looks) is verdict
    assert settled(turned(data), looks) is (opposite.get(verdict, verdict) if verdict else None)


def test_a_look_sees_nothing_of_later_restarts() -> None:
    """Restarts done after the look are left out."""
    data = rounds([2.0, 2.01], [2.0, 2.02], [0.5, 0.5], [0.5, 0.5])
    assert settled(data, 2) is Verdict.FASTER
    assert settled(data, 3) is None


def test_later_looks_of_a_thorough_run_are_taken_at_its_end_only() -> None:
    """After four restarts, then after eight, or when the budget ends it."""
    data = rounds([1.03, 1.02], [1.01, 1.04], [1.06, 1.02], [1.0, 1.05], *([[1.001, 1.0]] * 16))
    assert settled(data, 4, "thorough") is None
    assert [settled(data, looks, "thorough", margin=0.06) for looks in (5, 6, 7)] == [None] * 3
    assert settled(data, 8, "thorough", margin=0.06) is Verdict.SAME
    assert settled(data, 6, "thorough", margin=0.06, final=True) is Verdict.SAME
    assert settled(data, 4, "thorough", margin=0.06) is Verdict.SAME


def test_contention_that_was_accepted_widens_every_look() -> None:
    """With an allowance of 10 % neither SAME nor a small difference can be shown."""
    same = [[1.0, 1.0], [1.0, 1.0], [1.0, 1.01], [0.99, 1.0]]
    small = [[1.08, 1.08], [1.08, 1.08], [1.08, 1.081], [1.08, 1.08]]
    assert settled(rounds(*same), 4) is Verdict.SAME
    assert settled(rounds(*same, allowance=0.1), 4) is None
    assert settled(rounds(*small), 4) is Verdict.FASTER
    assert settled(rounds(*small, allowance=0.1), 4) is None


def test_the_first_look_that_settles_decides() -> None:
    """Later restarts, run for another pair, do not take it back."""
    data = rounds([2.0, 2.01], [2.0, 2.02], [0.9, 1.0])
    assert settlement(data) == Settlement(Verdict.FASTER, 2)
    assert settlement(rounds([1.1, 1.1])) is None


def test_a_run_that_ended_early_is_looked_at_where_it_ended() -> None:
    """A thorough run whose budget ended after six restarts gets its last look there."""
    noisy = [[1.03, 1.0], [1.0, 1.05], [0.96, 1.02], [1.0, 0.97]]
    data = rounds(*noisy, *([[1.0, 1.0]] * 2))
    assert settlement(data, "thorough") is None
    assert settlement(data, "thorough", ended=True) == Settlement(Verdict.SAME, 6)


def test_an_interval_that_stopped_shrinking_is_told() -> None:
    """From the fifth restart on, one that helps by less than a twentieth is wasted."""
    even = [[1.0, 1.02], [1.01, 1.03], [0.99, 1.0], [1.0, 1.01]]
    assert not stalled(rounds(*even))
    assert not stalled(rounds(*even, [1.0, 1.01]))
    assert stalled(rounds(*even, [1.05, 1.06]))


def test_contenders_measured_apart_are_settled_by_every_round_of_both() -> None:
    """Without pairs, the slowest round of one must beat the fastest of the other by the guard."""

    def apart(*fast: float) -> SeparateRounds:
        a = tuple((log(value), log(value)) for value in fast)
        return SeparateRounds(groups_a=a, groups_b=((0.0, 0.01), (0.0, -0.01)))

    assert settled(apart(2.0, 2.01), 2) is Verdict.FASTER
    assert settled(apart(2.0, 1.5), 2) is None


def simulate(
    draw: Callable[[np.random.Generator, int], tuple[tuple[float, ...], ...]], runs: int, seed: int
) -> list[Settlement | None]:
    """The settlements of many default runs."""
    rng = np.random.default_rng(seed)
    return [settlement(PairedRounds(groups=draw(rng, RESTARTS["default"]))) for _ in range(runs)]


def normal(
    ratio: float, tau: float, sigma: float = 0.02, each: int = 2
) -> Callable[..., tuple[tuple[float, ...], ...]]:
    """Normal noise between restarts and between rounds."""

    def draw(rng: np.random.Generator, restarts: int) -> tuple[tuple[float, ...], ...]:
        levels = log(ratio) + rng.normal(0, tau, restarts)
        return tuple(tuple(level + rng.normal(0, sigma, each)) for level in levels)

    return draw


@pytest.mark.parametrize("tau", [0.01, 0.03, 0.08])
def test_equal_contenders_are_seldom_called_different(tau: float) -> None:
    """At most the five in a hundred of a single look after four restarts; hardly any of them at an early look."""
    found = simulate(normal(1.0, tau), 3000, seed=11)
    different = [one for one in found if one and one.verdict in {Verdict.FASTER, Verdict.SLOWER}]
    early = [one for one in different if one.restarts in EARLY_LOOKS]
    assert len(different) <= 0.05 * len(found)
    assert len(early) <= 0.002 * len(found)


@pytest.mark.parametrize("tau", [0.01, 0.03])
def test_a_large_difference_settles_early(tau: float) -> None:
    """A factor of two stands after two or three restarts, in the right direction."""
    found = simulate(normal(2.0, tau), 1000, seed=12)
    early = [one for one in found if one and one.verdict is Verdict.FASTER and one.restarts in EARLY_LOOKS]
    assert len(early) >= 0.95 * len(found)
    assert not [one for one in found if one and one.verdict in {Verdict.SLOWER, Verdict.SAME}]


def test_slow_processes_do_not_settle_early() -> None:
    """One worker in ten is wholly 1.35x slow: the guard keeps that from counting as a difference at the early looks."""

    def draw(rng: np.random.Generator, restarts: int) -> tuple[tuple[float, ...], ...]:
        slow = np.log(1.35) * (rng.random((2, restarts)) < 0.1)
        levels = slow[0] - slow[1] + rng.normal(0, 0.01, restarts)
        return tuple(tuple(level + rng.normal(0, 0.02, 2)) for level in levels)

    found = simulate(draw, 3000, seed=13)
    different = [one for one in found if one and one.verdict in {Verdict.FASTER, Verdict.SLOWER}]
    assert len([one for one in different if one.restarts in EARLY_LOOKS]) <= 0.005 * len(found)
    assert len(different) <= 0.03 * len(found)
