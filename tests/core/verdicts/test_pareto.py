"""The choices that no other one beats in everything."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from infer_compare.interfaces import OperatingPoint
from infer_compare.verdicts.pareto import Choice, dominates, front

FEW = st.integers(1, 4)
"""Few values, so that choices are often equal in one thing."""
CHOICES = st.lists(
    st.builds(
        Choice,
        contender=st.sampled_from(["onnx", "torch"]),
        point=st.builds(OperatingPoint, FEW),
        throughput=FEW.map(float),
        latency_ns=FEW.map(float),
        error=st.none() | FEW.map(float),
        memory=st.none() | FEW,
    ),
    max_size=12,
)


@given(CHOICES)
def test_no_choice_of_the_front_is_beaten(choices: list[Choice]) -> None:
    """By any other choice."""
    assert not any(dominates(other, choice) for choice in front(choices) for other in choices)


@given(CHOICES)
def test_every_other_choice_is_beaten_by_one_of_the_front(choices: list[Choice]) -> None:
    """So that nothing is lost by leaving it out."""
    best = front(choices)
    for choice in choices:
        assert choice in best or any(dominates(other, choice) for other in best)


@given(CHOICES)
def test_the_highest_throughput_comes_first(choices: list[Choice]) -> None:
    """It is always part of the front."""
    best = front(choices)
    assert [choice.throughput for choice in best] == sorted((choice.throughput for choice in best), reverse=True)
    assert max((choice.throughput for choice in choices), default=0) == max((c.throughput for c in best), default=0)


def test_what_is_not_known_counts_as_the_worst() -> None:
    """A choice of unknown output error beats none whose error is known in that."""
    known = Choice(contender="a", point=OperatingPoint(1), throughput=1.0, latency_ns=1.0, error=0.5, memory=1)
    unknown = Choice(contender="b", point=OperatingPoint(1), throughput=1.0, latency_ns=1.0, memory=1)
    assert front([known, unknown]) == (known,)
