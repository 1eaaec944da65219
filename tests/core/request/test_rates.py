"""Rates and delays as people write them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infer_compare.errors import UsageError
from infer_compare.request.units import parse_delay, parse_rate


@pytest.mark.parametrize(
    ("text", "a_second"),
    [
        ("200/s", 200.0),
        ("200", 200.0),
        ("12k/min", 200.0),
        ("12 k / min", 200.0),
        ("1.5k", 1500.0),
        ("1M/day", 1e6 / 86_400),
        ("7200/h", 2.0),
    ],
)
def test_a_rate_is_read_as_people_write_it(text: str, a_second: float) -> None:
    """With or without what it is for, which is a second otherwise."""
    assert parse_rate(text) == pytest.approx(a_second)


@pytest.mark.parametrize("text", ["", "/s", "-1/s", "0/s", "1e3/s", "nan", "200/week", "200m/s", "200 s", "9" * 400])
def test_what_is_no_rate_is_refused_in_one_sentence(text: str) -> None:
    """With what was written."""
    with pytest.raises(UsageError) as refused:
        parse_rate(text)
    assert str(refused.value).endswith(".")
    assert "\n" not in str(refused.value)


@given(st.text(max_size=12))
def test_any_text_is_a_rate_or_refused(text: str) -> None:
    """And never a rate of nothing."""
    rate = None
    with contextlib.suppress(UsageError):
        rate = parse_rate(text)
    assert rate is None or rate > 0


def test_a_delay_may_be_nothing() -> None:
    """With or without a unit; anything else needs one."""
    assert [parse_delay(text) for text in ("0", "0ms", "2ms")] == [0.0, 0.0, 0.002]
    for text in ("2", "-1ms", "0x"):
        with pytest.raises(UsageError):
            parse_delay(text)
