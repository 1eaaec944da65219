"""Batch sizes as they are typed."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infer_compare.errors import UsageError
from infer_compare.request.sizes import MOST, parse_batch_sizes

SIZE = st.integers(1, 10**6)


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("auto", None),
        (" auto ", None),
        ("1", (1,)),
        ("1,2,4", (1, 2, 4)),
        (" 4 , 1,2 ", (1, 2, 4)),
        ("2147483647", (2147483647,)),
        ("1:1024:x2", (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)),
        ("1:1000:x2", (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)),
        ("3:30:x3", (3, 9, 27)),
        ("1:80:+1", tuple(range(1, 81))),
        ("8:33:+8", (8, 16, 24, 32)),
        ("5:5:x2", (5,)),
        ("1:4:x2,3,16:32:+16", (1, 2, 3, 4, 16, 32)),
    ],
)
def test_sizes_are_read_in_ascending_order(text: str, sizes: tuple[int, ...] | None) -> None:
    """Lists, ranges, both mixed, and `auto`."""
    assert parse_batch_sizes(text) == sizes


@settings(deadline=None)
@given(sizes=st.lists(SIZE, min_size=1, max_size=30, unique=True))
def test_any_list_of_different_sizes_is_what_it_says(sizes: list[int]) -> None:
    """In whatever order it was typed."""
    assert parse_batch_sizes(",".join(map(str, sizes))) == tuple(sorted(sizes))


@settings(deadline=None)
@given(first=SIZE, last=SIZE, step=st.integers(2, 10**4))
def test_a_multiplied_range_multiplies_up_to_its_end(first: int, last: int, step: int) -> None:
    """The end is included when it is met."""
    if last < first:
        with pytest.raises(UsageError, match="is empty"):
            parse_batch_sizes(f"{first}:{last}:x{step}")
        return
    sizes = parse_batch_sizes(f"{first}:{last}:x{step}")
    assert sizes is not None
    assert sizes[0] == first
    assert all(after == step * before for before, after in pairwise(sizes))
    assert sizes[-1] <= last < step * sizes[-1]


@settings(deadline=None)
@given(first=SIZE, count=st.integers(1, 200), step=st.integers(1, 10**4), over=st.integers(0, 10**4))
def test_an_added_range_adds_up_to_its_end(first: int, count: int, step: int, over: int) -> None:
    """Like Python's range, but for its end."""
    last = first + (count - 1) * step + over % step
    assert parse_batch_sizes(f"{first}:{last}:+{step}") == tuple(range(first, last + 1, step))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0", "0 is not a batch size"),
        ("-1", "-1 is not a batch size"),
        ("1,0", "0 is not a batch size"),
        ("0:8:x2", "0 is not a batch size"),
        ("1,2,2,4,4", "names 2, 4 more than once"),
        ("1:8:x2,4", "names 4 more than once"),
        ("", "'' is not a whole number"),
        ("1,", "'' is not a whole number"),
        ("many", "'many' is not a whole number"),
        ("1.5", "'1.5' is not a whole number"),
        ("1 2", "'1 2' is not a whole number"),
        ("auto,1", "'auto' is not a whole number"),
        ("1e3", "'1e3' is not a whole number"),
        ("8:1:x2", "is empty, since 1 is less than 8"),
        ("1:8:x1", "never ends"),
        ("1:8:x0", "never ends"),
        ("1:8:+0", "never ends"),
        ("1:8", "'1:8' is not a range"),
        ("1:8:2", "'1:8:2' is not a range"),
        ("-1:8:x2", "'-1:8:x2' is not a range"),
        ("1:8:x2:x2", "is not a range"),
        ("1:1000000:+1", f"more than {MOST} sizes"),
        ("1:6000:+1,6001:12000:+1", f"more than {MOST} sizes"),
        ("2147483648", "2147483648 is not a batch size"),
        ("1:2147483648:x2", "2147483648 is not a batch size"),
        (f"1:{'9' * 5000}:x2", "is not a range"),
        ("9" * 5000, "is not a whole number"),
    ],
)
def test_what_cannot_be_run_is_refused_with_what_is_wrong(text: str, reason: str) -> None:
    """Zero, negative sizes, sizes named twice, text, empty and endless ranges."""
    with pytest.raises(UsageError) as caught:
        parse_batch_sizes(text)
    assert reason in str(caught.value)


@pytest.mark.parametrize("text", ["x", "1:8", ""])
def test_a_refusal_tells_the_forms_there_are(text: str) -> None:
    """One of each."""
    with pytest.raises(UsageError, match="write 1,2,4 or 1:1024:x2 or 1:80:\\+1 or auto"):
        parse_batch_sizes(text)


@settings(deadline=None)
@given(text=st.text(st.sampled_from("0123456789,:x+- a"), max_size=14))
def test_any_text_is_read_or_refused(text: str) -> None:
    """What is read is ascending, positive and has no size twice."""
    try:
        sizes = parse_batch_sizes(text)
    except UsageError:
        return
    assert sizes is not None
    assert sizes[0] >= 1
    assert list(sizes) == sorted(set(sizes))
