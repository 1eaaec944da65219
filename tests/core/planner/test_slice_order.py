"""The order of slices: drawn from a seed, and balanced."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from infer_compare.planner import Order

LABELS = st.lists(st.text(max_size=3), max_size=6, unique=True)
SEED = st.integers(0, 2**63)


@settings(deadline=None)
@given(labels=LABELS, seed=SEED)
def test_a_round_is_a_permutation_and_its_reverse(labels: list[str], seed: int) -> None:
    """A steady drift costs every contender the same: the sum of its two places is that of any other."""
    order = Order(seed).round(labels)
    assert sorted(order) == sorted(labels * 2)
    assert order == tuple(reversed(order))
    assert all(sum(place for place, one in enumerate(order) if one == label) == 2 * len(labels) - 1 for label in labels)


@settings(deadline=None)
@given(items=st.lists(st.integers(), max_size=20), seed=SEED)
def test_shuffling_loses_nothing(items: list[int], seed: int) -> None:
    """And leaves the items that it was given as they were."""
    before = list(items)
    assert sorted(Order(seed).shuffled(items)) == sorted(items)
    assert items == before


@settings(deadline=None)
@given(seed=SEED)
def test_one_seed_draws_one_order(seed: int) -> None:
    """A run can be repeated; two objects do not disturb one another."""
    first, second = Order(seed), Order(seed)
    drawn = [(first.shuffled(range(9)), first.round("abc")) for _ in range(5)]
    assert [(second.shuffled(range(9)), second.round("abc")) for _ in range(5)] == drawn


def test_two_contenders_go_abba_and_baab() -> None:
    """Both appear, about as often."""
    order = Order(3)
    rounds = ["".join(order.round("ab")) for _ in range(200)]
    assert set(rounds) == {"abba", "baab"}
    assert 60 < rounds.count("abba") < 140


def test_different_seeds_draw_different_orders() -> None:
    """Or there would be no need of one."""
    assert len({Order(seed).shuffled(range(20)) for seed in range(50)}) == 50
