"""When two contenders agree, differ, or show nothing."""

from __future__ import annotations

import re

import ml_dtypes
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from infer_compare.models.agreement import TOLERANCES, compare, sample_rows, tolerance
from infer_compare.models.spread import spread
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


def test_a_difference_is_held_against_how_far_the_inputs_move_its_slice():
    """Just inside and just outside, whatever offset all rows have in common."""
    reference = rows().astype(np.float64) + 1
    moved = np.abs(reference - reference.mean(axis=0))
    for factor, verdict in ((0.99, "agrees"), (1.01, "differs")):
        candidate = reference.copy()
        candidate[3, 3] += factor * RTOL * moved[:, 3].max()
        found = compare([reference], [candidate], ["y"], rtol=RTOL)
        assert found.verdict == verdict
        assert found.outputs[0].needed_rtol == pytest.approx(factor * RTOL)
        assert (found.outputs[0].axis, found.outputs[0].index) == (1, 3)


def test_the_slice_that_differs_most_is_named():
    """With its place in the output, what is allowed there and how far the inputs move it."""
    reference = np.moveaxis(rows(8, 30).reshape(8, 5, 6), 0, 1)
    candidate = reference.copy()
    candidate[4, 2, 1] += 0.025
    found = compare([reference], [candidate], ["y"], rtol=RTOL, axes=[1])
    assert found.verdict == "differs"
    assert re.fullmatch(
        r"output 'y' differs by 0\.025 at index [14] of axis [02], where \S+ is allowed \(inputs move it by \S+\)",
        found.reason,
    )


def test_a_small_tensor_is_not_excused_by_its_size():
    """Softmax outputs of a thousandth must agree in proportion."""
    reference = np.abs(rows()) * 1e-6
    assert compare([reference], [reference * 1.01], ["y"], rtol=RTOL).verdict == "differs"


@pytest.mark.parametrize("mask", [-1e9, np.finfo(np.float32).min, -np.inf])
def test_a_mask_does_not_hide_the_logits_beside_it(mask):
    """Unrelated logits differ; the same logits agree, and the mask itself must be the same."""
    masked = np.random.default_rng(1).random((8, 10)) < 0.4
    one, other = (np.where(masked, np.float32(mask), rows(seed=seed)) for seed in (0, 1))
    assert compare([one], [other], ["y"], rtol=RTOL).verdict == "differs"
    found = compare([one], [np.where(masked, one, rows() * np.float32(1 + 1e-6))], ["y"], rtol=RTOL)
    assert (found.verdict, found.outputs[0].extreme_values) == ("agrees", masked.sum())
    shifted = np.where(np.roll(masked, 1, 0), np.float32(mask), rows())
    assert compare([one], [shifted], ["y"], rtol=RTOL).verdict == "differs"
    unmasked = np.where(masked, np.float32(-1e6), rows())
    assert compare([one], [unmasked], ["y"], rtol=RTOL).verdict == "differs"


def test_a_mask_may_saturate_at_low_precision():
    """A conversion to float16 turns -1e9 into -1e4; its places and its sign must stay."""
    masked = np.random.default_rng(1).random((8, 10)) < 0.4
    one, other = (np.where(masked, np.float32(mask), rows()) for mask in (-1e9, -1e4))
    assert compare([one], [other], ["y"], rtol=1e-2, precision="float16").verdict == "agrees"
    assert compare([one], [-other], ["y"], rtol=1e-2, precision="float16").verdict == "differs"


def test_scores_beside_large_boxes_are_compared_by_themselves():
    """Boxes of hundreds of pixels do not hide scores replaced by zeros."""
    rng = np.random.default_rng(0)
    both = np.concatenate([rng.uniform(0, 640, (8, 5, 4)), rng.uniform(0, 1, (8, 5, 3))], axis=2).astype(np.float32)
    zeroed = both.copy()
    zeroed[..., 4:] = 0
    assert compare([both], [both * np.float32(1 + 1e-7)], ["y"], rtol=RTOL).verdict == "agrees"
    assert compare([both], [zeroed], ["y"], rtol=RTOL).verdict == "differs"


def test_channels_of_rounding_noise_raise_no_false_alarm():
    """Errors are relative to the arithmetic before them, not to a channel that is nearly zero."""
    rng = np.random.default_rng(0)
    reference = rng.standard_normal((8, 16)).astype(np.float64)
    reference[:, 3] *= 1e-9
    candidate = reference + 1e-7 * rng.standard_normal(reference.shape)
    assert compare([reference], [candidate], ["y"], rtol=RTOL).verdict == "agrees"


def test_small_slices_that_show_nothing_are_said_with_a_remedy():
    """Scores that hardly move beside boxes: zeroed or not, nothing tells."""
    rng = np.random.default_rng(0)
    both = np.concatenate([rng.uniform(0, 640, (8, 4)), rng.uniform(0, 1e-5, (8, 3))], axis=1)
    found = compare([both], [both], ["y"], rtol=RTOL, other_input="image=uniform(0,255)")
    assert found.verdict == "inconclusive"
    assert "shows nothing in 3 slices of axis 1 (the first at index 4)" in found.reason
    assert "--input image=uniform(0,255)" in found.reason


def test_slices_that_show_nothing_are_named_by_their_place_in_the_output():
    """Where the batch is another axis, or there is none, and positions were left out."""
    rng = np.random.default_rng(0)
    both = np.concatenate([rng.uniform(0, 640, (8, 4)), rng.uniform(0, 1e-5, (8, 3))], axis=1)
    found = compare([both.T], [both.T], ["y"], rtol=RTOL, axes=[1])
    assert "shows nothing in 3 slices of axis 0 (the first at index 4)" in found.reason
    large = np.concatenate([rng.uniform(100, 640, (4, 300_000)), rng.uniform(1e-6, 1e-5, (4, 300_000))], axis=1)
    found = compare([large[0]], [large[0]], ["y"], rtol=RTOL, axes=[None], others=[large])
    assert re.search(r"slices of axis 0 \(the first at index 30000\d\)", found.reason)


@settings(max_examples=40)
@given(finite)
def test_an_output_never_differs_from_itself(reference):
    """Whatever its values, at any tolerance."""
    assert compare([reference], [reference.copy()], ["y"], rtol=0).verdict != "differs"


@settings(max_examples=40)
@given(finite, finite)
def test_every_comparison_can_be_stored(reference, candidate):
    """No figure is infinite or NaN, which JSON does not hold."""
    found = compare([reference], [np.resize(candidate, reference.shape)], ["y"], rtol=RTOL)
    for one in found.outputs:
        assert msgspec.json.decode(msgspec.json.encode(one), type=OutputComparison) == one


def test_extreme_values_can_be_stored():
    """A difference beyond the largest number, and one against zero."""
    huge = np.array([[1.7e308, 1e307], [0, 1]])
    found = compare([huge], [-huge], ["y"], rtol=RTOL)
    assert found.verdict == "differs"
    assert np.isfinite(found.outputs[0].max_difference)
    zero = np.zeros((2, 2))
    found = compare([zero], [zero + 1e-30], ["y"], rtol=RTOL)
    assert found.verdict == "differs"
    assert np.isfinite(found.outputs[0].needed_rtol)


def test_nan_must_be_in_the_same_places_and_what_is_left_is_compared():
    """In one contender only it is a difference."""
    broken = rows()
    broken[2, 1] = np.nan
    found = compare([rows()], [broken], ["y"], rtol=RTOL)
    assert (found.verdict, found.reason) == ("differs", "output 'y' holds NaN")
    assert compare([broken], [rows()], ["y"], rtol=RTOL).verdict == "differs"
    assert compare([broken], [broken.copy()], ["y"], rtol=RTOL).verdict == "agrees"
    other = broken.copy()
    other[0, 0] += 1
    assert compare([broken], [other], ["y"], rtol=RTOL).verdict == "differs"


def test_an_output_that_is_nan_everywhere_shows_nothing():
    """Other inputs may show more."""
    nothing = np.full_like(rows(), np.nan)
    found = compare([nothing], [nothing], ["y"], rtol=RTOL, other_input="x=uniform(0,255)")
    assert found.verdict == "inconclusive"
    assert found.reason.startswith("output 'y' is NaN everywhere; other inputs (--input x=uniform(0,255), --data)")


def test_nan_in_further_rows_of_the_reference_does_not_hide_what_the_inputs_do():
    """A single row is compared beside others."""
    further = rows()
    further[1, 0] = np.nan
    found = compare([rows()[:1]], [rows()[:1]], ["y"], rtol=RTOL, others=[further])
    assert found.verdict == "agrees"


@pytest.mark.parametrize("bad", [np.inf, -np.inf])
def test_infinity_must_be_in_the_same_places_with_the_same_sign(bad):
    """What is left is compared as usual."""
    broken = rows()
    broken[2, 1] = bad
    assert compare([rows()], [broken], ["y"], rtol=RTOL).verdict == "differs"
    assert compare([broken], [-broken], ["y"], rtol=RTOL).verdict == "differs"
    assert compare([broken], [broken], ["y"], rtol=RTOL).verdict == "agrees"


def test_shapes_are_compared_strictly():
    """Also where broadcasting would hide it."""
    for candidate in (rows()[:, :9], rows()[None], rows()[:1], rows().ravel()):
        found = compare([rows()], [candidate], ["y"], rtol=RTOL)
        assert found.verdict == "differs"
        assert f"has the shape {candidate.shape} instead of (8, 10)" in found.reason


def test_the_number_of_outputs_must_be_the_same():
    """A missing output is a difference."""
    found = compare([rows(), rows()], [rows()], ["a", "b"], rtol=RTOL)
    assert (found.verdict, found.reason) == ("differs", "1 outputs instead of 2")
    assert compare([], [], [], rtol=RTOL).verdict == "inconclusive"


def test_the_output_that_differs_is_named():
    """With what it needs and what is allowed."""
    found = compare([rows(), rows()], [rows(), rows() * 1.01], ["a", "b"], rtol=RTOL)
    assert found.verdict == "differs"
    assert found.reason.startswith("output 'b' differs by ")
    assert [one.output for one in found.outputs] == ["a", "b"]


def test_outputs_beyond_the_known_names_are_numbered():
    """A backend may have more names or fewer."""
    assert [one.output for one in compare([rows()] * 2, [rows()] * 2, ["a"], rtol=RTOL).outputs] == ["a", "output 1"]


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.bool_])
def test_integers_and_booleans_must_be_equal(dtype):
    """No tolerance of fractions makes another class the same."""
    reference = (np.arange(12).reshape(4, 3) % 2).astype(dtype)
    assert compare([reference], [reference.copy()], ["y"], rtol=RTOL).verdict == "agrees"
    other = reference.copy()
    other[0, 0] = not other[0, 0]
    found = compare([reference], [other], ["y"], rtol=RTOL)
    assert found.verdict == "differs"
    assert "integers must be equal" in found.reason


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
def test_eight_bit_values_may_be_rounded_the_other_way(dtype):
    """One step apart in a hundredth of the entries; not two steps, and not in many."""
    reference = np.random.default_rng(0).integers(0, 100, (8, 100)).astype(dtype)
    tie, step, many = reference.copy(), reference.copy(), reference + dtype(1)
    tie[0, 0] += 1
    step[0, 0] += 2
    verdicts = [compare([reference], [other], ["y"], rtol=RTOL).verdict for other in (tie, step, many)]
    assert verdicts == ["agrees", "differs", "differs"]


def test_a_few_other_classes_at_low_precision_show_nothing():
    """They may be near-ties; many are a difference."""
    reference = np.arange(100).reshape(50, 2)
    few, many = reference.copy(), reference + 1
    few[0, 0] = 7
    assert compare([reference], [few], ["y"], rtol=1e-2, precision="float16").verdict == "inconclusive"
    assert compare([reference], [many], ["y"], rtol=1e-2, precision="float16").verdict == "differs"


@pytest.mark.parametrize("dtype", ["bfloat16", "float8_e4m3fn"])
def test_short_floats_are_compared_at_the_tolerance_of_their_type(dtype):
    """Whatever precision the contenders say that they compute in."""
    reference = rows().astype(np.dtype(getattr(ml_dtypes, dtype)))
    rounded = (rows() * np.float32(1.01)).astype(reference.dtype)
    assert compare([reference], [rounded], ["y"], rtol=RTOL).verdict == "agrees"
    assert compare([reference], [rounded.astype(np.float32)], ["y"], rtol=RTOL).verdict == "agrees"
    other = rows(seed=1).astype(reference.dtype)
    assert compare([reference], [other], ["y"], rtol=RTOL).verdict == "differs"


@pytest.mark.parametrize("precision", ["float16", "bfloat16", "int8"])
def test_rows_in_another_order_differ_at_every_precision(precision):
    """Rows that lie near each other are told apart by which is the nearest."""
    reference = 5 + 0.3 * rows(8, 64)
    for candidate, verdict in ((reference + 1e-3 * rows(8, 64, 1), "agrees"), (np.roll(reference, 1, 0), "differs")):
        found = compare([reference], [candidate], ["y"], rtol=TOLERANCES[precision], precision=precision)
        assert found.verdict == verdict


def test_large_integers_are_told_apart():
    """Also where float64 does not."""
    reference = np.array([[2**60], [2**60 + 4096]])
    assert compare([reference], [reference + 1], ["y"], rtol=1).verdict == "differs"


def test_integers_in_place_of_fractions_differ():
    """A cast is not the same function."""
    reference = np.round(rows())
    found = compare([reference], [reference.astype(np.int64)], ["y"], rtol=RTOL)
    assert (found.verdict, found.reason) == ("differs", "output 'y' is of type int64 instead of float32")


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
    assert found.reason.startswith("output 'y' is the same for all inputs")
    assert compare([collapsed], [collapsed * (1 + 0.5 * RTOL)], ["y"], rtol=RTOL).verdict == "differs"


@settings(max_examples=40)
@given(finite, st.floats(1e-7, 1))
def test_wrongly_paired_rows_never_agree(reference, share):
    """The negative control: where the rule says that outputs agree, the same rows in another order do not."""
    reference = reference.astype(np.float64) * share
    if compare([reference], [reference], ["y"], rtol=RTOL).verdict == "agrees":
        assert compare([reference], [np.roll(reference, 1, 0)], ["y"], rtol=RTOL).verdict != "agrees"


def test_a_constant_output_beside_a_good_one_must_be_equal_and_costs_nothing():
    """Anchors, for instance; it is no evidence."""
    good, flat = rows(), np.ones((8, 3), np.float32)
    assert compare([good, flat], [good, flat], ["good", "flat"], rtol=RTOL).verdict == "agrees"
    assert compare([good, flat], [good, flat * 1.1], ["good", "flat"], rtol=RTOL).verdict == "differs"


def test_a_constant_class_beside_scores_that_vary_is_fine():
    """Integers are evidence only where they are alone."""
    classes = np.tile(np.array([5, 7, 3]), (7, 1))
    assert compare([rows(7), classes], [rows(7), classes], ["scores", "class"], rtol=RTOL).verdict == "agrees"
    assert compare([classes], [classes], ["class"], rtol=RTOL).verdict == "inconclusive"


def test_a_single_row_shows_nothing_unless_others_are_known():
    """They say what the inputs do."""
    one = rows(1)
    found = compare([one], [one], ["y"], rtol=RTOL)
    assert found.verdict == "inconclusive"
    assert "a single input" in found.reason
    assert compare([one], [one], ["y"], rtol=RTOL, others=[rows()]).verdict == "agrees"
    assert compare([one], [one], ["y"], rtol=RTOL, others=[np.tile(one, (4, 1))]).verdict == "inconclusive"


def test_an_output_without_a_batch_axis_is_compared_as_a_whole():
    """Others of it, made of other inputs, show that it depends on them."""
    whole = rows(5, 3)
    others = np.stack([rows(5, 3, seed) for seed in range(4)])
    assert compare([whole], [whole], ["y"], rtol=RTOL, axes=[None]).verdict == "inconclusive"
    assert compare([whole], [whole], ["y"], rtol=RTOL, axes=[None], others=[others]).verdict == "agrees"
    assert compare([whole], [whole + 0.01], ["y"], rtol=RTOL, axes=[None], others=[others]).verdict == "differs"


def test_another_winner_is_a_difference_unless_it_was_nearly_a_tie():
    """However large the logits beside it are."""
    reference = 100 * rows(8, 10).astype(np.float64)
    reference[0, :2] = 1000, 999.9
    swapped = reference.copy()
    swapped[0, :2] = 999.9, 1000
    assert compare([reference], [swapped], ["y"], rtol=5e-4).verdict == "differs"
    reference[0, :2] = swapped[0, 1], 1000 - 1e-3
    swapped[0, :2] = 1000 - 1e-3, 1000
    assert compare([reference], [swapped], ["y"], rtol=5e-4).verdict == "agrees"


@pytest.mark.parametrize("place", [0, 3137, 300_001, -1])
def test_a_single_wrong_value_of_a_large_map_is_found(place):
    """The rule for slices sees a sample of the positions; what is far off is found wherever it is."""
    reference = np.random.default_rng(0).standard_normal((4, 8, 100, 100), np.float32)
    candidate = reference.copy()
    candidate.reshape(-1)[place] += 0.1
    assert compare([reference], [reference.copy()], ["y"], rtol=RTOL).verdict == "agrees"
    assert compare([reference], [candidate], ["y"], rtol=RTOL).verdict == "differs"


def test_a_difference_is_told_even_where_agreement_would_show_nothing():
    """It is certain in any case."""
    collapsed = np.ones((8, 10), np.float32)
    assert compare([collapsed], [collapsed * 2], ["y"], rtol=RTOL).verdict == "differs"


def test_top_one_is_the_share_of_rows_with_the_same_class():
    """For floating outputs with several entries along the last axis."""
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
    with pytest.raises(ValueError, match="no tolerance for the precision 'int3'; valid precisions are float64"):
        tolerance("int3")


@given(st.integers(1, 5000), st.integers(2, 64))
def test_sampled_rows_hold_the_first_the_last_and_what_lies_between(batch, limit):
    """Ascending, without repetition, evenly spread."""
    sampled = sample_rows(batch, limit)
    assert len(sampled) == min(batch, limit)
    assert (sampled[0], sampled[-1]) == (0, batch - 1)
    steps = np.diff(sampled)
    assert (steps >= 1).all()
    assert steps.size == 0 or steps.max() - steps.min() <= 1
