"""Contenders that do not fit into memory together are measured apart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from infer_compare.planner.grouping import grouped


def test_contenders_that_fit_together_are_one_group():
    """So that their rounds are paired."""
    assert grouped(["a", "b", "c"], {"a": 3, "b": 3, "c": 3}, 9) == [("a", "b", "c")]


def test_a_contender_goes_to_the_first_group_with_room_for_it():
    """A small one may join a large one that came before."""
    assert grouped(["a", "b", "c"], {"a": 6, "b": 6, "c": 2}, 9) == [("a", "c"), ("b",)]


def test_one_that_is_too_large_for_any_group_is_alone():
    """It is measured all the same; its cap is what ends it."""
    assert grouped(["a", "b"], {"a": 99, "b": 1}, 9) == [("a",), ("b",)]


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.integers(0, 20), max_size=8), st.integers(0, 40))
def test_every_contender_is_in_one_group_and_no_group_of_several_is_too_large(needs: dict[str, int], room: int):
    """Whatever they need."""
    groups = grouped(list(needs), needs, room)
    assert sorted(label for group in groups for label in group) == sorted(needs)
    assert all(len(group) == 1 or sum(needs[label] for label in group) <= room for group in groups)
