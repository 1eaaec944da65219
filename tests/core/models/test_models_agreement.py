"""When two contenders agree, differ, or show nothing."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from infer_compare.models.agreement import SPREAD_FACTOR, TOLERANCES, compare, sample_rows, spread, tolerance
from infer_compare.results import OutputComparison

RTOL = 1e-4


def rows(count: int = 8, classes: int = 10, seed: int = 0) -> np.ndarray:
    """Outputs that depend on their rows."""
    return np.random.default_rng(seed).standard_normal((count, classes), np.float32)


finite = hnp.arrays(
    st.sampled_from([np.float32, np.float64]),
    hnp.array_shapes(min_dims=2, max_dims=3, min_side=2, max_side=6),
    elements=st.floats(-1e6, 1e6, width=32),
)


def test_equal_outputs_agree():
    """With nothing to explain."""
    found = compare([rows()], [rows()], ["y"], rtol=RTOL)
    assert (found.verdict, found.reason) == ("agrees", "")
    (one,) = found.outputs
    assert (one.output, one.max_difference, one.needed_rtol, one.top1) == ("y", 0, 0, 1)
    assert one.max_reference == pytest.approx(np.abs(rows()).max())


def test_the_difference_is_held_against_the_largest_value_of_the_tensor():
    """Just inside and just outside."""
    reference = rows().astype(np.float64)
    largest = np.abs(reference).max()
    for factor, verdict in ((0.99, "agrees"), (1.01, "differs")):
        candidate = reference.copy()
        candidate[3, 3] += factor * RTOL * largest
        found = compare([reference], [candidate], ["y"], rtol=RTOL)
        assert found.verdict == verdict
        assert found.outputs[0].needed_rtol == pytest.approx(factor * RTOL)


def test_a_small_tensor_is_not_excused_by_its_size():
    """Softmax outputs of a thousandth must agree in proportion."""
    reference = np.abs(rows()) * 1e-6
    assert compare([reference], [reference * 1.01], ["y"], rtol=RTOL).verdict == "differs"


@given(finite, st.floats(1e-6, 1e-1))
def test_the_needed_tolerance_is_the_smallest_that_passes(reference, share):
    """A little more passes, a little less does not."""
    candidate = reference.astype(np.float64) * (1 + share)
    needed = compare([reference], [candidate], ["y"], rtol=0).outputs[0].needed_rtol
    if needed == 0:
        assert not reference.any()
        return
    assert compare([reference], [candidate], ["y"], rtol=needed).verdict != "differs"
    assert compare([reference], [candidate], ["y"], rtol=needed * 0.999).verdict == "differs"


@given(finite)
def test_an_output_never_differs_from_itself(reference):
    """Whatever its values, at any tolerance."""
    assert compare([reference], [reference.copy()], ["y"], rtol=0).verdict != "differs"


@given(finite, finite)
def test_every_comparison_can_be_stored(reference, candidate):
    """No figure is infinite or NaN, which JSON does not hold."""
    found = compare([reference], [np.resize(candidate, reference.shape)], ["y"], rtol=RTOL)
    for one in found.outputs:
        assert msgspec.json.decode(msgspec.json.encode(one), type=OutputComparison) == one


def test_extreme_values_can_be_stored():
    """A difference beyond the largest number, and one against zero."""
    huge = np.array([[1.7e308, 0], [0, 1]])
    found = compare([huge], [-huge], ["y"], rtol=RTOL)
    assert found.verdict == "differs"
    assert np.isfinite(found.outputs[0].max_difference)
    zero = np.zeros((2, 2))
    found = compare([zero], [zero + 1e-30], ["y"], rtol=RTOL)
    assert found.verdict == "differs"
    assert np.isfinite(found.outputs[0].needed_rtol)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_refused_first(bad):
    """In a candidate they differ; in the reference they show nothing, even where the candidate has them too."""
    broken = rows()
    broken[2, 1] = bad
    found = compare([rows()], [broken], ["y"], rtol=RTOL)
    assert (found.verdict, found.reason) == ("differs", "output 'y' holds NaN or infinity")
    found = compare([broken], [broken], ["y"], rtol=RTOL)
    assert (found.verdict, found.reason) == ("inconclusive", "output 'y' of the reference holds NaN or infinity")
    wrong_shape_too = compare([rows()], [broken[:3]], ["y"], rtol=RTOL)
    assert "NaN" in wrong_shape_too.reason


def test_shapes_are_compared_strictly():
    """Also where broadcasting would hide it."""
    for candidate in (rows()[:, :9], rows()[None], rows()[:1], rows().ravel()):
        found = compare([rows()], [candidate], ["y"], rtol=RTOL)
        assert found.verdict == "differs"
        assert f"has the shape {candidate.shape} in place of (8, 10)" in found.reason


def test_the_number_of_outputs_must_be_the_same():
    """A missing output is a difference."""
    found = compare([rows(), rows()], [rows()], ["a", "b"], rtol=RTOL)
    assert (found.verdict, found.reason) == ("differs", "1 outputs in place of 2")
    assert compare([], [], [], rtol=RTOL).verdict == "inconclusive"


def test_the_output_that_differs_is_named():
    """With what it needs and what is allowed."""
    found = compare([rows(), rows()], [rows(), rows() * 1.01], ["a", "b"], rtol=RTOL)
    assert found.verdict == "differs"
    assert found.reason == "output 'b' needs a tolerance of 0.01, and 0.0001 is allowed"
    assert [one.output for one in found.outputs] == ["a", "b"]


def test_outputs_beyond_the_known_names_are_numbered():
    """A backend may have more names or fewer."""
    assert [one.output for one in compare([rows()] * 2, [rows()] * 2, ["a"], rtol=RTOL).outputs] == ["a", "output 1"]


@pytest.mark.parametrize("dtype", [np.int64, np.int8, np.uint8, np.bool_])
def test_integers_and_booleans_must_be_equal(dtype):
    """No tolerance makes another class the same."""
    reference = (np.arange(12).reshape(4, 3) % 2).astype(dtype)
    assert compare([reference], [reference.copy()], ["y"], rtol=0.5).verdict == "agrees"
    other = reference.copy()
    other[0, 0] = not other[0, 0]
    found = compare([reference], [other], ["y"], rtol=0.5)
    assert found.verdict == "differs"
    assert "integers must be equal" in found.reason


def test_large_integers_are_told_apart():
    """Also where float64 does not."""
    reference = np.array([[2**60], [2**60 + 4096]])
    assert compare([reference], [reference + 1], ["y"], rtol=1).verdict == "differs"


def test_integers_in_place_of_fractions_differ():
    """A cast is not the same function."""
    reference = np.round(rows())
    found = compare([reference], [reference.astype(np.int64)], ["y"], rtol=RTOL)
    assert (found.verdict, found.reason) == ("differs", "output 'y' is of type int64 in place of float32")


def test_a_wider_float_is_compared_by_value():
    """Frameworks may return float64 where the reference has float32."""
    assert compare([rows()], [rows().astype(np.float64)], ["y"], rtol=RTOL).verdict == "agrees"


def test_text_cannot_be_compared():
    """Nor objects."""
    words = np.array([["a"], ["b"]])
    assert compare([words], [words], ["y"], rtol=RTOL).verdict == "inconclusive"


def test_outputs_that_do_not_depend_on_the_inputs_show_nothing():
    """Any wrong conversion of a collapsed net would agree."""
    collapsed = np.tile(rows(1), (8, 1))
    found = compare([collapsed], [collapsed], ["y"], rtol=RTOL)
    assert found.verdict == "inconclusive"
    assert found.reason.startswith("output 'y' hardly depends on the inputs (spread ")


def test_the_spread_needed_is_ten_tolerances():
    """So that a coarse precision asks for more."""
    reference = 1 + 1e-2 * rows()
    measured = spread(reference)
    assert compare([reference], [reference], ["y"], rtol=measured / SPREAD_FACTOR * 0.99).verdict == "agrees"
    assert compare([reference], [reference], ["y"], rtol=measured / SPREAD_FACTOR * 1.01).verdict == "inconclusive"


def test_a_collapsed_output_beside_a_good_one_shows_nothing():
    """It has not been tested, whatever the other tells."""
    good, flat = rows(), np.ones((8, 3), np.float32)
    found = compare([good, flat], [good, flat], ["good", "flat"], rtol=RTOL)
    assert found.verdict == "inconclusive"
    assert "'flat'" in found.reason


def test_a_constant_class_beside_scores_that_vary_is_fine():
    """Integers are asked for a spread only where they are alone."""
    classes = np.tile(np.array([5, 7, 3]), (7, 1))
    assert compare([rows(7), classes], [rows(7), classes], ["scores", "class"], rtol=RTOL).verdict == "agrees"
    assert compare([classes], [classes], ["class"], rtol=RTOL).verdict == "inconclusive"


def test_a_single_row_shows_nothing_unless_the_spread_is_known():
    """It is measured on other rows then."""
    one = rows(1)
    found = compare([one], [one], ["y"], rtol=RTOL)
    assert (found.verdict, found.reason) == (
        "inconclusive",
        "a single row cannot show that the outputs depend on the inputs",
    )
    assert compare([one], [one], ["y"], rtol=RTOL, spreads=[0.5]).verdict == "agrees"
    assert compare([one], [one], ["y"], rtol=RTOL, spreads=[1e-9]).verdict == "inconclusive"


def test_a_difference_is_told_even_where_agreement_would_show_nothing():
    """It is certain in any case."""
    collapsed = np.ones((8, 10), np.float32)
    assert compare([collapsed], [collapsed * 2], ["y"], rtol=RTOL).verdict == "differs"


def test_top_one_is_the_share_of_rows_with_the_same_class():
    """For scores of several classes only."""
    reference = np.eye(4, dtype=np.float32)
    candidate = reference.copy()
    candidate[0] = [0, 1.1, 0, 0]
    found = compare([reference], [candidate], ["y"], rtol=RTOL)
    assert found.outputs[0].top1 == 0.75
    for other in (rows(8, 1), rows()[:, :, None], np.arange(8).reshape(4, 2)):
        assert compare([other], [other], ["y"], rtol=RTOL).outputs[0].top1 is None


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([[1.0], [-1.0]]), 1),
        (np.array([[2.0, 1.0], [4.0, 1.0]]), 0.25),
        (np.ones((5, 3)), 0),
        (np.zeros((5, 3)), 0),
        (np.ones((1, 3)), 0),
        (np.float32(3), 0),
        (np.empty((2, 0)), 0),
        (np.array([[1.7e308], [-1.7e308]]), 1),
        (np.array([[np.nan], [1]]), 0),
        (np.array([["a"], ["b"]]), 0),
        (np.array([[True], [False]]), 0.5),
    ],
)
def test_the_spread_is_relative_to_the_largest_value(array, expected):
    """Zero where there is nothing to tell rows apart by."""
    assert spread(np.asarray(array)) == pytest.approx(expected)


@given(finite, st.floats(1e-3, 1e3))
def test_the_spread_does_not_depend_on_the_scale(array, scale):
    """Only on how much of the output is common to all rows."""
    assert spread(array.astype(np.float64) * scale) == pytest.approx(spread(array.astype(np.float64)), abs=1e-9)
    assert 0 <= spread(array) <= 2


def test_tolerances_follow_the_precision():
    """And the coarser of two decides."""
    assert tolerance("float32") == 1e-4
    assert tolerance("fp32") == tolerance("FLOAT32") == 1e-4
    assert tolerance("float32", "bf16") == TOLERANCES["bfloat16"]
    assert list(TOLERANCES.values()) == sorted(TOLERANCES.values())
    with pytest.raises(ValueError, match="no tolerance for the precision 'int8'; known are float64"):
        tolerance("int8")


@given(st.integers(1, 5000), st.integers(2, 64))
def test_sampled_rows_hold_the_first_the_last_and_what_lies_between(batch, limit):
    """Ascending, without repetition, evenly spread."""
    sampled = sample_rows(batch, limit)
    assert len(sampled) == min(batch, limit)
    assert (sampled[0], sampled[-1]) == (0, batch - 1)
    steps = np.diff(sampled)
    assert (steps >= 1).all()
    assert steps.size == 0 or steps.max() - steps.min() <= 1
