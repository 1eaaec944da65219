"""Numbers as they are typed: plain digits within limits, or a clause that says so."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infer_compare.limits import LARGEST_INTEGER, finite_number, whole_number
from infer_compare.paths import exists, is_file, is_folder


@settings(max_examples=50, deadline=None, database=None)
@given(st.integers(-LARGEST_INTEGER, LARGEST_INTEGER))
def test_every_whole_number_within_the_limits_is_read_back(number):
    """With or without space around it."""
    assert whole_number(f" {number} ", -LARGEST_INTEGER, LARGEST_INTEGER) == number


@settings(max_examples=50, deadline=None, database=None)
@given(st.text(max_size=40) | st.integers().map(str) | st.sampled_from(["9" * 400, "1_0", "٣", "²", "0x1", "1e3"]))
def test_a_text_is_a_number_within_the_limits_or_refused_with_a_clause(text):
    """Never another exception, and never a number out of the limits."""
    for read, least, most in ((whole_number, 1, 100), (finite_number, 0.5, 1e6)):
        try:
            assert least <= read(text, least, most) <= most
        except ValueError as error:
            assert " is not a " in str(error)  # noqa: PT017 - both ways are right


@settings(max_examples=50, deadline=None, database=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_is_read_back(number):
    """Also with an exponent."""
    assert finite_number(repr(number)) == number


@pytest.mark.parametrize("text", ["nan", "inf", "1e999", "-inf", "1_0.5", "٣", ""])
def test_what_is_not_finite_or_not_in_plain_digits_is_refused(text):
    """Python's own reading takes all but the last."""
    with pytest.raises(ValueError, match="not a number"):
        finite_number(text, -math.inf, math.inf)


@settings(max_examples=50, deadline=None, database=None)
@given(st.text(max_size=300) | st.just("x" * 5000) | st.just("a/" * 3000) | st.just("a\0b") | st.just("/etc/passwd/x"))
def test_no_name_makes_a_question_about_a_path_fail(name):
    """It is then the name of nothing, or of a folder."""
    assert not is_file(f"/nowhere/{name}")
    assert isinstance(exists(name), bool)
    assert isinstance(is_folder(name), bool)
