"""Arrivals: recorded ones are read line by line, processes have the rate and burstiness that is asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infer_compare.capacity.arrivals import arrivals_at, busiest, parse_arrivals, recorded_rate
from infer_compare.capacity.values import Load
from infer_compare.errors import UsageError

moments = (
    st.lists(st.floats(-1e6, 1e9), min_size=2, max_size=40)
    .map(sorted)
    .filter(lambda times: times[-1] - times[0] > 1e-9)
)


@given(moments, st.sampled_from(["\n", "\r\n", "\n\n", "  # a comment\n"]))
def test_a_file_of_time_stamps_is_read_as_it_was_written(times: list[float], between: str) -> None:
    """One a line; what is empty or a comment is skipped."""
    text = f"# seconds\n{between.join(map(repr, times))}\n"
    assert parse_arrivals(text, "a.txt") == tuple(times)


@settings(max_examples=40)
@given(st.text(alphabet="0123456789.-+e#x\n \u0663", max_size=40))
def test_any_other_text_is_refused_with_a_sentence_or_read(text: str) -> None:
    """No text ends otherwise."""
    try:
        stamps = parse_arrivals(text, "a.txt")
    except UsageError as error:
        assert str(error).startswith("a.txt")  # noqa: PT017
    else:
        assert list(stamps) == sorted(stamps)
        assert recorded_rate(stamps) > 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "a.txt: 0 time stamps; record two or more."),
        ("1.5\n", "a.txt: 1 time stamp; record two or more."),
        ("1\n3\n2\n", "a.txt, line 3: 2 comes before 3 above it; sort the time stamps."),
        ("1\ntwo\n", "a.txt, line 2: 'two' is not a number; write one time stamp a line, in seconds."),
        ("1\nnan\n", "a.txt, line 2: 'nan' is not finite; write one time stamp a line, in seconds."),
        ("1\n1e999\n", "a.txt, line 2: '1e999' is not finite; write one time stamp a line, in seconds."),
        ("-1e308\n1e308\n", "a.txt: a time stamp is not finite, or far too large; give seconds."),
        ("0\n5e-324\n", "a.txt: all requests arrive at the same moment; record some time between them."),
        ("5\n5\n", "a.txt: all requests arrive at the same moment; record some time between them."),
    ],
)
def test_a_file_that_is_no_recording_is_refused(text: str, words: str) -> None:
    """The sentence says which line, and what to write instead."""
    with pytest.raises(UsageError) as refused:
        parse_arrivals(text, "a.txt")
    assert str(refused.value) == words


@pytest.mark.parametrize("burstiness", [0.25, 1.0, 9.0])
@pytest.mark.parametrize("machines", [1, 3])
def test_a_process_has_its_rate_and_its_burstiness(burstiness: float, machines: int) -> None:
    """One of several machines sees a part of the arrivals, which is nearer to a Poisson process."""
    gaps = np.diff(arrivals_at(Load(burstiness=burstiness), 50.0, 60_000, (1, 0), machines))
    assert gaps.mean() == pytest.approx(1 / 50, rel=0.03)
    assert gaps.var() / gaps.mean() ** 2 == pytest.approx(1 + (burstiness - 1) / machines, rel=0.08)


def test_a_recording_is_stretched_to_a_rate() -> None:
    """Its pattern stays, and it begins at 0."""
    load = Load(arrivals_s=(10.0, 10.5, 12.0))
    assert arrivals_at(load, 2.0, 0, (1, 0)) == pytest.approx([0.0, 0.25, 1.0])
    assert recorded_rate(load.arrivals_s) == pytest.approx(1.0)


@given(moments, st.integers(2, 10))
def test_the_busiest_stretch_is_the_shortest_with_so_many_requests(times: list[float], count: int) -> None:
    """All of it where there are no more."""
    stretch = busiest(times, count)
    assert len(stretch) == min(count, len(times))
    spans = [times[end] - times[end - len(stretch) + 1] for end in range(len(stretch) - 1, len(times))]
    assert stretch[-1] - stretch[0] == min(spans)


def test_machines_share_a_recording_at_random() -> None:
    """Each sees its part of the requests, at the same pace."""
    load = Load(arrivals_s=tuple(number / 100 for number in range(10_001)))
    shared = arrivals_at(load, 25.0, 0, (1, 0), machines=4)
    assert len(shared) == pytest.approx(2_500, rel=0.06)
    assert shared[-1] == pytest.approx(100, rel=0.01)


def test_a_recording_that_is_too_short_is_not_shared() -> None:
    """A few requests of each machine would say nothing."""
    load = Load(arrivals_s=tuple(map(float, range(150))))
    with pytest.raises(UsageError, match="150 recorded arrivals are too few to be shared by 2 machines; record 200 or"):
        arrivals_at(load, 1.0, 0, (1, 0), machines=2)
