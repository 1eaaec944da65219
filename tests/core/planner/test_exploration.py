"""Exploring batch sizes: a pure state machine, fed with every outcome there is."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from infer_compare.interfaces import OperatingPoint
from infer_compare.planner import Exploration
from infer_compare.planner.explore import LARGEST_AUTO, MANY_SIZES, SLOWEST_AUTO_NS
from infer_compare.results import (
    AnyOutcome,
    Died,
    Failed,
    LimitReached,
    Measured,
    OutOfMemory,
    Skipped,
    TimedOut,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infer_compare.request.options import Mode

OOM = OutOfMemory(reason="full", evidence="raised", phase="explore")
LIMIT = LimitReached(reason="32 bits", phase="explore")
LATE = TimedOut(deadline_s=1.0, phase="explore")
DEAD = Died(exit_code=-11, signal="SIGSEGV", phase="explore")
FAILED = Failed(error="E", reason="no", phase="explore")
SKIPPED = Skipped(reason="not here")
ENDING = (OOM, LIMIT, LATE)
BAD = (DEAD, FAILED)
BAD_KINDS = (Died, Failed)


def measured(latency_ns: int) -> Measured:
    """A size that ran."""
    return Measured(prepare_ns=0, first_call_ns=latency_ns, latency_ns=latency_ns)


def saturating(size: int) -> Measured:
    """A curve that is flat from some 64 on."""
    return measured(1_000_000 + 50_000 * size)


def explore(sizes: tuple[int, ...] | None, outcomes: Mapping[int, AnyOutcome]) -> tuple[list[int], Exploration]:
    """What is tried when some sizes end otherwise than well."""
    exploration = Exploration(None if sizes is None else points(*sizes))
    return tried(exploration, outcomes), exploration


def tried(exploration: Exploration, outcomes: Mapping[int, AnyOutcome]) -> list[int]:
    """The sizes that are proposed until there are none."""
    found = []
    while (point := exploration.next()) is not None:
        found.append(point.batch)
        exploration.feed(point, outcomes.get(point.batch, saturating(point.batch)))
    return found


def points(*sizes: int) -> tuple[OperatingPoint, ...]:
    """Operating points of batch sizes."""
    return tuple(map(OperatingPoint, sizes))


LATENCY = st.integers(1, 2 * SLOWEST_AUTO_NS)
OUTCOME: st.SearchStrategy[AnyOutcome] = st.one_of(
    LATENCY.map(measured), LATENCY.map(measured), st.sampled_from((*ENDING, *BAD, SKIPPED))
)


class Exploring(RuleBasedStateMachine):
    """Any outcomes in any order."""

    @initialize(sizes=st.none() | st.lists(st.integers(1, 100), min_size=1, max_size=8, unique=True).map(sorted))
    def begin(self, sizes: list[int] | None) -> None:
        self.sizes = sizes
        self.exploration = Exploration(None if sizes is None else points(*sizes))
        self.seen: dict[int, AnyOutcome] = {}

    def ended(self) -> bool:
        """Whether an outcome forbids any larger size."""
        outcomes = list(self.seen.values())
        in_a_row = any(isinstance(a, BAD_KINDS) and isinstance(b, BAD_KINDS) for a, b in pairwise(outcomes))
        return in_a_row or any(isinstance(one, OutOfMemory | LimitReached | TimedOut) for one in outcomes)

    @precondition(lambda self: self.exploration.next() is not None)
    @rule(outcome=OUTCOME)
    def try_next(self, outcome: AnyOutcome) -> None:
        point = self.exploration.next()
        assert point is not None
        assert point == self.exploration.next()
        assert not self.ended()
        assert point.batch > max(self.seen, default=0)
        if self.sizes is None:
            assert point.batch <= LARGEST_AUTO
            assert point.batch & (point.batch - 1) == 0
        else:
            assert point.batch == next(size for size in self.sizes if size not in self.seen)
        self.seen[point.batch] = outcome
        self.exploration.feed(point, outcome)

    @precondition(lambda self: self.exploration.next() is None)
    @rule()
    def ask_again(self) -> None:
        assert self.exploration.next() is None

    @invariant()
    def ends_where_it_must(self) -> None:
        if self.ended() or (self.sizes is not None and len(self.seen) == len(self.sizes)):
            assert self.exploration.next() is None

    @invariant()
    def tells_what_ran_and_what_is_left_out(self) -> None:
        ran = [size for size, outcome in self.seen.items() if isinstance(outcome, Measured)]
        assert self.exploration.runnable == points(*ran)
        left = [size for size in self.sizes or () if size not in self.seen] if self.ended() else []
        assert [point.batch for point, _ in self.exploration.skipped] == left


TestExploring = Exploring.TestCase
TestExploring.settings = settings(max_examples=80, stateful_step_count=25, deadline=None)


@settings(deadline=None)
@given(outcomes=st.lists(OUTCOME, min_size=14, max_size=14))
def test_auto_always_ends(outcomes: list[AnyOutcome]) -> None:
    """At the largest size at the latest."""
    sizes, exploration = explore(None, {2**power: outcome for power, outcome in enumerate(outcomes)})
    assert sizes == [2**power for power in range(len(sizes))]
    assert sizes[-1] <= LARGEST_AUTO
    assert exploration.next() is None


def test_given_sizes_are_all_tried_when_all_is_well() -> None:
    """Ascending, whatever the throughput does."""
    assert explore((1, 3, 7, 100), {})[0] == [1, 3, 7, 100]


@pytest.mark.parametrize(
    ("outcome", "words"),
    [(OOM, "batch 4 ran out of memory"), (LIMIT, "batch 4 met a limit"), (LATE, "batch 4 did not finish in time")],
)
def test_memory_a_limit_and_a_deadline_end_the_curve(outcome: AnyOutcome, words: str) -> None:
    """A larger batch needs more of each; those left out are told with the reason."""
    sizes, exploration = explore((1, 2, 4, 8, 16), {4: outcome})
    assert sizes == [1, 2, 4]
    assert exploration.runnable == points(1, 2)
    assert [point.batch for point, _ in exploration.skipped] == [8, 16]
    assert all(words in skipped.reason for _, skipped in exploration.skipped)
    assert explore(None, {4: outcome})[0] == [1, 2, 4]


@pytest.mark.parametrize("outcome", BAD)
def test_a_crash_or_an_error_costs_its_own_size(outcome: AnyOutcome) -> None:
    """The next one may work."""
    sizes, exploration = explore((1, 2, 4, 8), {2: outcome, 8: outcome})
    assert sizes == [1, 2, 4, 8]
    assert exploration.runnable == points(1, 4)
    assert exploration.skipped == ()


def test_two_bad_sizes_in_a_row_end_the_curve() -> None:
    """A crash and an error count alike."""
    sizes, exploration = explore((1, 2, 4, 8), {2: DEAD, 4: FAILED})
    assert sizes == [1, 2, 4]
    ((point, skipped),) = exploration.skipped
    assert point == OperatingPoint(8)
    assert "batch 4 and the size before it failed" in skipped.reason


def test_a_skipped_size_is_no_failure() -> None:
    """It says nothing of the others."""
    assert explore((1, 2, 4, 8), {2: DEAD, 4: SKIPPED, 8: DEAD})[0] == [1, 2, 4, 8]


def test_auto_goes_on_as_long_as_throughput_rises() -> None:
    """A batch that costs nothing more is never the last."""
    assert explore(None, {2**power: measured(1000) for power in range(13)})[0][-1] == LARGEST_AUTO


def test_auto_stops_after_two_small_gains_in_a_row() -> None:
    """One may be noise."""
    flat = {1: measured(1000), 2: measured(1000), 4: measured(2000), 8: measured(4000)}
    assert explore(None, flat)[0] == [1, 2, 4, 8]
    bump = {1: measured(1000), 2: measured(1000), 4: measured(2000), 8: measured(3000), 16: measured(6000)}
    assert explore(None, {**bump, 32: measured(12_000)})[0] == [1, 2, 4, 8, 16, 32]


def test_auto_does_not_go_on_to_a_batch_that_takes_too_long() -> None:
    """Its rounds would take the run's time."""
    slow = {1: measured(1000), 2: measured(1000), 4: measured(SLOWEST_AUTO_NS // 2 + 1)}
    assert explore(None, slow)[0] == [1, 2, 4]


@settings(deadline=None)
@given(
    before=st.lists(OUTCOME, min_size=13, max_size=13),
    extra=st.sets(st.integers(1, 2 * LARGEST_AUTO), max_size=8),
    after=st.lists(OUTCOME, min_size=8, max_size=8),
)
def test_completing_ends_and_tries_no_size_twice(
    before: list[AnyOutcome], extra: set[int], after: list[AnyOutcome]
) -> None:
    """Whatever the sizes and the outcomes are; only sizes that were named are tried."""
    sizes, exploration = explore(None, {2**power: outcome for power, outcome in enumerate(before)})
    exploration.complete(points(*extra))
    found = tried(exploration, dict(zip(sorted(extra), after, strict=False)))
    assert found == sorted(set(found))
    assert set(found) <= extra - set(sizes)


MS = 1_000_000


def automatic(latency_ms: Mapping[int, float], mode: Mode = "quick") -> list[int]:
    """The sizes that `auto` tries where calls take so long."""
    exploration = Exploration(None, mode=mode)
    return tried(exploration, {size: measured(round(MS * found)) for size, found in latency_ms.items()})


def linear(fixed_ms: float, sample_ms: float) -> dict[int, float]:
    """Latency by batch size: a fixed cost, and one a sample."""
    return {2**power: fixed_ms + sample_ms * 2**power for power in range(13)}


def test_slow_batches_are_tried_until_two_in_a_row_gain_little() -> None:
    """As ResNet-18 does on one thread: 3 % from 8 to 16, 1.2 % from 16 to 32."""
    rising = {1: 8.6, 2: 15.5, 4: 27.6, 8: 50.9, 16: 98.4, 32: 195, 64: 389}
    assert automatic(rising) == [1, 2, 4, 8, 16, 32]
    slower_from_8_on = {size: found * (1 if size < 8 else 1.12) for size, found in rising.items()}
    assert automatic(slower_from_8_on)[-1] >= 16


def test_a_slow_batch_that_falls_far_behind_ends_the_curve_by_itself() -> None:
    """As PyTorch's does, whose results no longer fit a cache; a little may be the machine."""
    assert automatic({1: 3.6, 2: 7.5, 4: 10, 8: 18, 16: 48}) == [1, 2, 4, 8, 16]
    assert automatic({1: 3.6, 2: 7.5, 4: 10, 8: 18, 16: 38})[-1] > 16


@settings(deadline=None)
@given(fixed_ms=st.floats(0, 50), sample_ms=st.floats(0.5, 50), mode=st.sampled_from(["quick", "default"]))
def test_what_larger_batches_could_gain_is_less_than_the_margin(fixed_ms: float, sample_ms: float, mode: Mode) -> None:
    """Where latency is a line, of the throughput that no batch exceeds; unless the next one would be too dear."""
    sizes = automatic(linear(fixed_ms, sample_ms), mode)
    last_ms = linear(fixed_ms, sample_ms)[sizes[-1]]
    if 2 * last_ms <= SLOWEST_AUTO_NS / MS and len(sizes) < MANY_SIZES[mode]:
        assert sizes[-1] / last_ms >= 0.97 / sample_ms


def test_a_quick_run_adds_no_slow_batch_to_a_curve_that_is_long_already() -> None:
    """Though it gained 10 % and more each time."""
    rising = {2**power: 5 * 1.8 ** (power - 6) for power in range(13)}
    assert automatic(rising)[-1] == 128
    assert automatic(rising, "default")[-1] > 128


def test_three_sizes_show_no_plateau_where_a_fourth_costs_little() -> None:
    """The first calls of a framework may be slow: PyTorch at 1, 2 and 4 on a busy machine, and then at 8."""
    assert automatic({1: 0.454, 2: 1.133, 4: 1.771, 8: 2.310, 16: 5.968})[-1] > 4


def test_sizes_of_others_are_tried_as_long_as_they_cost_little() -> None:
    """What the sizes before them took tells it: a curve that is known up to 4 says little of 128."""
    exploration = Exploration(None, mode="quick")
    flat = {1: 10.0, 2: 20.0, 4: 40.0}
    assert tried(exploration, {size: measured(round(MS * found)) for size, found in flat.items()}) == [1, 2, 4]
    exploration.complete(points(1, 2, 4, 8, 16, 32))
    assert tried(exploration, {8: measured(80 * MS)}) == [8]


def test_sizes_of_another_axis_stay_as_they_are_while_the_batch_is_explored() -> None:
    """Given points are tried as they are, and what is added keeps their axes."""
    first, second, between = (OperatingPoint(size, (("seq", 128),)) for size in (1, 4, 2))
    exploration = Exploration((first, second))
    while (point := exploration.next()) is not None:
        assert point.axes == (("seq", 128),)
        exploration.feed(point, saturating(point.batch))
    exploration.complete((first, between, second))
    assert exploration.next() == between
