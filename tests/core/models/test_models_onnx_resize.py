"""What a node says of a resize, and where the places of the result lie in the data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper

from infer_compare.backends.onnx_graphs import (
    ResizedAxis,
    early_resize_attributes,
    read_graph,
    resize_attributes,
    rounding_of,
    source_positions,
)

RULES = ("asymmetric", "align_corners", "half_pixel", "half_pixel_symmetric", "tf_half_pixel_for_nn")


def node(model, op_type, **attributes):
    """A node with attributes, as it is read."""
    inputs = ["x", "", "scales"] if op_type == "Resize" else ["x", "scales"]
    made = model(
        [helper.make_node(op_type, inputs, ["y"], **attributes)],
        [("x", 1, (1, 4)), ("scales", 1, (2,))],
        [("y", 1, None)],
    )
    return read_graph(made).nodes[0]


def positions(axis, rule):
    """Where the places of the result lie."""
    return source_positions(np.arange(axis.places, dtype=np.float64), axis, rule, axis.places)


def test_a_resize_that_says_nothing_has_the_defaults_of_onnx(model):
    """Nearest, by half pixels, rounding halves down."""
    assert resize_attributes(node(model, "Resize")) == (
        "nearest", "half_pixel", "round_prefer_floor", -0.75, False, False, 0.0, "stretch",
    )  # fmt: skip


@pytest.mark.parametrize("mode", ["linear", "bilinear"])
def test_an_early_operator_has_one_rule_and_two_names_for_linear(model, mode):
    """Places are those of the data times the scale."""
    early = early_resize_attributes(node(model, "Upsample", mode=mode))
    assert (early.mode, early.coordinates, early.nearest) == ("linear", "asymmetric", "simple")


@pytest.mark.parametrize("rule", RULES)
def test_positions_rise_with_the_places(rule):
    """Whatever the rule."""
    found = positions(ResizedAxis(size=5, places=10, scale=2.0), rule)
    assert found.shape == (10,)
    assert (np.diff(found) > 0).all()


@given(size=st.integers(2, 50), places=st.integers(2, 50))
def test_aligned_corners_lie_on_the_first_and_the_last_place(size, places):
    """Of the data."""
    found = positions(ResizedAxis(size, places, places / size), "align_corners")
    assert (found[0], found[-1]) == pytest.approx((0, size - 1))


@given(start=st.floats(0, 1), end=st.floats(0, 1))
def test_a_cropped_region_reaches_from_its_start_to_its_end(start, end):
    """In parts of the data; a single place lies in its middle."""
    found = positions(ResizedAxis(9, 4, 1.0, start, end), "tf_crop_and_resize")
    assert (found[0], found[-1]) == pytest.approx((8 * start, 8 * end))
    (middle,) = positions(ResizedAxis(9, 1, 1.0, start, end), "tf_crop_and_resize")
    assert middle == pytest.approx(4 * (start + end))


def test_a_rule_that_onnx_does_not_have_is_none():
    """What to say of it is the backend's affair."""
    assert positions(ResizedAxis(2, 2, 1.0), "by_hand") is None
    assert rounding_of("by_hand", 1.0) is None


@pytest.mark.parametrize(
    ("nearest", "scale", "place"),
    [("round_prefer_floor", 2, 1), ("round_prefer_ceil", 2, 2), ("floor", 2, 1), ("ceil", 2, 2), ("simple", 2, 1), ("simple", 0.5, 2)],
)  # fmt: skip
def test_one_and_a_half_is_rounded_as_the_rule_says(nearest, scale, place):
    """Before opset 11 by whether the axis shrinks."""
    function, shift = rounding_of(nearest, scale)
    assert {"floor": np.floor, "ceil": np.ceil}[function](1.5 + shift) == place
