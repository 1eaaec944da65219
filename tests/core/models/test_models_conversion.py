"""The way from one format to another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infer_compare.interfaces import Converter
from infer_compare.models.conversion import cheapest
from infer_compare.plugins import ConverterEntry, Origin


def edge(source, target, cost=1.0):
    """A converter that converts nothing."""
    converter = Converter(source=source, target=target, cost=cost, convert=lambda _model, _target: None)
    return ConverterEntry(converter, Origin("test", "test"), f"test:{source}:{target}")


def steps(way):
    """The formats that a way goes through."""
    return [one.converter.target for one in way]


def test_a_format_that_is_taken_needs_no_converter() -> None:
    """The way is there, and empty."""
    assert cheapest("onnx", ["onnx"], []) == ()


def test_the_cheapest_way_wins_though_it_is_longer() -> None:
    """Costs are added up."""
    edges = [edge("keras", "onnx", 5.0), edge("keras", "savedmodel", 1.0), edge("savedmodel", "onnx", 1.0)]
    assert steps(cheapest("keras", ["onnx"], edges)) == ["savedmodel", "onnx"]


def test_of_two_ways_that_cost_the_same_the_shorter_wins() -> None:
    """Each conversion is a chance to go wrong."""
    edges = [edge("keras", "onnx", 2.0), edge("keras", "savedmodel", 1.0), edge("savedmodel", "onnx", 1.0)]
    assert steps(cheapest("keras", ["onnx"], edges)) == ["onnx"]


def test_without_a_way_there_is_none() -> None:
    """Which is something else than an empty one."""
    assert cheapest("keras", ["pt2"], [edge("onnx", "pt2")]) is None


NAMES = st.sampled_from("abcdef")


@given(st.lists(st.tuples(NAMES, NAMES, st.floats(0.1, 10)), max_size=20), NAMES, NAMES)
def test_a_way_begins_at_the_source_and_each_step_where_the_last_ended(edges, source, target) -> None:
    """Whatever converters there are, loops included."""
    way = cheapest(source, [target], [edge(*one) for one in edges])
    place = source
    for one in way or ():
        assert one.converter.source == place
        place = one.converter.target
    assert way is None or place == target


@pytest.mark.parametrize("targets", [["c", "d"], ["d", "c"]])
def test_the_nearest_of_several_targets_is_taken(targets) -> None:
    """In whatever order they are named."""
    assert steps(cheapest("a", targets, [edge("a", "b"), edge("b", "c"), edge("a", "d")])) == ["d"]
