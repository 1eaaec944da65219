"""Threads and instances as they are typed, one or several."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infer_compare.errors import UsageError
from infer_compare.request.counts import parse_instances, parse_threads, splits

THREADS = st.lists(st.integers(1, 8192), min_size=1, max_size=8, unique=True)
QUICK = settings(max_examples=30, deadline=None)
INSTANCES = st.lists(st.integers(1, 1024) | st.just("auto"), min_size=1, max_size=8, unique=True)


@QUICK
@given(counts=THREADS, gap=st.sampled_from(["", " "]))
def test_numbers_of_threads_are_read_in_their_order_and_one_by_itself(counts, gap) -> None:
    """As stored runs of a single budget have it."""
    read = parse_threads(f",{gap}".join(map(str, counts)))
    assert read == (counts[0] if len(counts) == 1 else tuple(counts))


@QUICK
@given(counts=INSTANCES, gap=st.sampled_from(["", " "]))
def test_numbers_of_instances_are_read_in_their_order(counts, gap) -> None:
    """With `auto` wherever it stands."""
    assert parse_instances(f",{gap}".join(map(str, counts))) == tuple(counts)


@QUICK
@given(text=st.text("019,auto -+.x", max_size=12))
def test_whatever_is_typed_is_read_or_refused(text) -> None:
    """Nothing else comes out of it, and what is read are numbers of the wanted range."""
    for parse in (parse_threads, parse_instances):
        try:
            read = parse(text)
        except UsageError:
            continue
        counts = read if isinstance(read, tuple) else (read,)
        assert counts
        assert all(count == "auto" or count >= 1 for count in counts)


@QUICK
@given(threads=st.integers(1, 500))
def test_the_splits_of_threads_are_all_of_them_once(threads) -> None:
    """From all threads in one instance to one in each of many."""
    made = splits(threads)
    assert all(each * instances == threads for instances, each in made)
    assert [instances for instances, _ in made] == [each for each in range(1, threads + 1) if threads % each == 0]


@pytest.mark.parametrize(
    ("parse", "text", "sentence"),
    [
        (parse_threads, "2,0", "--threads: '0' is not a whole number from 1 to 8192; write for example 2 or 1,2,4."),
        (parse_threads, "1,2,1", "--threads names 1 more than once; name each number once."),
        (parse_instances, "many", "--instances: 'many' is not a whole number from 1 to 1024; write for example 2 or 1,2,4 or auto."),
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused_with_what_may_be_written(parse, text, sentence) -> None:
    """The offending value first."""
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert str(caught.value) == sentence
