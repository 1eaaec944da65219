"""The window of a convolution or a pool: what its node says, and the padding that follows from the sizes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper

from infer_compare.backends.onnx_graphs import read_graph, same_pads, window_attributes


@pytest.fixture
def window(model):
    """The window of a convolution with some attributes, over two axes."""

    def read(**attributes):
        node = helper.make_node("Conv", ["x", "w"], ["y"], **attributes)
        made = model([node], [("x", 1, (1, 1, 8, 8)), ("w", 1, (1, 1, 3, 3))], [("y", 1, None)])
        (read_node,) = read_graph(made).nodes
        return window_attributes(read_node, 2)

    return read


def test_a_node_that_says_nothing_moves_by_one_without_padding(window):
    """These are ONNX's defaults."""
    assert window() == ((1, 1), (1, 1), ((0, 0), (0, 0)), "")


def test_padding_is_told_by_axis_with_its_start_and_its_end(window):
    """ONNX lists all starts before all ends."""
    assert window(pads=[1, 2, 3, 4], strides=[2, 1], dilations=[1, 3]) == ((2, 1), (1, 3), ((1, 3), (2, 4)), "")


@pytest.mark.parametrize(("auto", "same"), [("SAME_UPPER", "upper"), ("SAME_LOWER", "lower"), ("VALID", "")])
def test_padding_that_is_given_does_not_count_beside_automatic_padding(window, auto, same):
    """The sizes decide, or there is none."""
    found = window(auto_pad=auto, pads=[1, 1, 1, 1])
    assert (found.pads, found.same) == (((0, 0), (0, 0)), same)


@given(st.integers(1, 60), st.integers(1, 7), st.integers(1, 9), st.booleans())
def test_same_padding_gives_a_place_for_each_stride_and_is_as_even_as_can_be(size, stride, extent, upper):
    """No more than that is padded, and the odd place is at the end that was asked for."""
    start, end = same_pads(size, stride, extent, upper=upper)
    places = -(-size // stride)
    least = (places - 1) * stride + extent
    assert start + end == max(least - size, 0)
    assert (end - start if upper else start - end) in {0, 1}
    if stride == 1:
        assert same_pads(None, 1, extent, upper=upper) == (start, end)
