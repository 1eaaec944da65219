"""How many rounds workers still have to make, and in which order of sizes."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from infer_compare.interfaces import OperatingPoint
from infer_compare.planner.order import ascending
from infer_compare.planner.round_count import RoundCount
from infer_compare.results import Round

SIZES = st.lists(st.integers(1, 64), max_size=6, unique=True)
POINTS = st.dictionaries(st.sampled_from("ab"), SIZES.map(lambda sizes: tuple(map(OperatingPoint, sizes))))
POINT = OperatingPoint(8)
CLEAN = Round(restart=1, index=1, point=POINT, order=(), slices=(), clean=True)
REJECTED = msgspec.structs.replace(CLEAN, clean=False)


@given(points=POINTS)
def test_each_size_of_any_contender_comes_once_and_none_after_a_larger_one(points) -> None:
    """Whatever order the contenders name their sizes in."""
    order = ascending(points)
    assert list(order) == sorted(order)
    assert len(order) == len({point for found in points.values() for point in found})
    assert {point for found in points.values() for point in found} == set(order)


@given(wanted=st.integers(1, 5), retries=st.integers(0, 5), rounds=st.lists(st.booleans(), max_size=12))
def test_rounds_are_made_until_enough_are_clean_or_the_tries_are_used_up(wanted, retries, rounds) -> None:
    """And what is missing never exceeds what can still be made."""
    counted = RoundCount("measure", {"a": (POINT,)}, wanted, wanted + retries)
    assert counted.most == wanted + retries
    for made, clean in enumerate(rounds):
        done = sum(rounds[:made]) >= wanted or made >= wanted + retries
        assert counted.lacks(POINT) is not done
        counted.count(POINT, CLEAN if clean else REJECTED)


def test_a_size_without_a_contender_needs_no_more_rounds() -> None:
    """Whether all have been lost, or the phase never had the size."""
    counted = RoundCount("confirm", {"a": (POINT,)}, 4, 4)
    assert not counted.lacks(OperatingPoint(2))
    counted.count(POINT, None)
    assert not counted.lacks(POINT)


@given(wanted=st.integers(1, 5), retries=st.integers(0, 5))
def test_as_many_rounds_may_be_rejected_at_no_loss_as_there_are_retries(wanted, retries) -> None:
    """After these, every further one is needed."""
    counted = RoundCount("measure", {"a": (POINT,)}, wanted, wanted + retries)
    spared = 0
    while counted.spares(POINT):
        counted.count(POINT, REJECTED)
        spared += 1
    assert spared == retries
