"""The search for the memory boundary against simulated memory: linear, stepped, ragged, poisoned, with an index limit."""

from __future__ import annotations

from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from infer_compare.planner.boundary import LARGEST, MOST_ATTEMPTS, NEAR, RESOLUTION, Attempt, BoundarySearch
from infer_compare.results import Died, LimitReached, Measured, OutOfMemory

RAN = Measured(prepare_ns=0, first_call_ns=1, latency_ns=1)
OUT = OutOfMemory(reason="cap", evidence="cap", phase="limit")
LIMIT = LimitReached(reason="32-bit index", phase="limit")


class Machine:
    """A framework whose memory is a function of the batch size."""

    def __init__(self, cap, base, per_sample, *, step=1, index_limit=None, residue=0.0, holes=()):
        """`residue` of what earlier sizes took stays in a worker; `holes` are sizes that fail for no reason of size."""
        self.cap, self.base, self.per_sample, self.step = cap, base, per_sample, step
        self.index_limit, self.residue, self.holes = index_limit, residue, frozenset(holes)
        self.kept = 0.0

    def need(self, batch):
        """Bytes that a batch takes in a fresh worker."""
        return self.base + self.per_sample * -(-batch // self.step) * self.step

    def fits(self, batch):
        """Whether a fresh worker runs it."""
        return (
            self.need(batch) <= self.cap
            and batch not in self.holes
            and (self.index_limit is None or batch <= self.index_limit)
        )

    @property
    def boundary(self):
        """The largest size below the first that does not fit."""
        low, high = 0, 1
        while self.fits(high):
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.fits(middle) else (low, middle)
        return low

    def run(self, attempt):
        """The outcome of an attempt, and the peak that was seen."""
        if attempt.fresh:
            self.kept = 0.0
        need = self.need(attempt.size) + self.kept
        if self.index_limit is not None and attempt.size > self.index_limit:
            self.kept = 0.0
            return LIMIT, None
        if need > self.cap or attempt.size in self.holes:
            self.kept = 0.0
            return OUT, None
        self.kept = self.residue * (need - self.base)
        return RAN, int(need)


def search_all(machine, *, known=True, largest=LARGEST):
    """Runs a search to its end; it and the attempts that it made."""
    search = BoundarySearch(machine.cap if known else None, largest=largest)
    attempts = []
    while (attempt := search.next()) is not None:
        outcome, memory = machine.run(attempt)
        attempts.append((attempt, outcome))
        search.feed(attempt.size, outcome, memory, fresh=attempt.fresh)
    return search, attempts


curves = st.builds(
    Machine,
    cap=st.integers(1_000, 1_000_000),
    base=st.integers(0, 900),
    per_sample=st.floats(0.5, 2_000),
    step=st.sampled_from([1, 1, 2, 7, 64]),
    index_limit=st.none() | st.integers(1, 5_000),
    residue=st.sampled_from([0.0, 0.0, 0.1, 0.5, 0.9]),
)


@given(machine=curves, known=st.booleans())
def test_the_true_boundary_lies_between_the_two_sizes_that_are_told(machine, known) -> None:
    """Within 1/64, and both sizes were tried in fresh workers."""
    search, attempts = search_all(machine, known=known)
    low, high = search.largest_fitting or 0, search.smallest_failing

    assert low <= machine.boundary < high
    assert high - low <= max(1, low // RESOLUTION)
    assert search.verified
    fresh = {attempt.size: outcome for attempt, outcome in attempts if attempt.fresh}
    assert isinstance(fresh[high], OutOfMemory | LimitReached)
    assert low == 0 or fresh[low] is RAN


@given(machine=curves, known=st.booleans())
def test_it_takes_few_attempts(machine, known) -> None:
    """Doubling, halving to 1/64, and what a worker that earlier sizes had filled got wrong."""
    _, attempts = search_all(machine, known=known)

    assert len(attempts) <= 2 * log2(machine.boundary + 2) + 20


@given(machine=curves)
def test_no_fresh_attempt_is_made_twice(machine) -> None:
    """What a fresh worker said stands."""
    _, attempts = search_all(machine)
    fresh = [attempt.size for attempt, _ in attempts if attempt.fresh]

    assert len(fresh) == len(set(fresh))


@given(machine=curves, holes=st.sets(st.integers(2, 300), max_size=12))
def test_a_ragged_curve_ends_below_a_size_that_fails(machine, holes) -> None:
    """Whatever fits above it: the sizes told are next to each other, and fresh workers have said both."""
    machine.holes = frozenset(holes)
    search, attempts = search_all(machine)
    low, high = search.largest_fitting or 0, search.smallest_failing

    assert len(attempts) <= MOST_ATTEMPTS
    if not search.reason:
        assert high - low <= max(1, low // RESOLUTION)
        assert not machine.fits(high)
        assert low == 0 or machine.fits(low)


def test_a_line_through_known_sizes_saves_attempts() -> None:
    """The same boundary, from fewer probes than doubling and halving."""
    machine = Machine(cap=1_000_000, base=50_000, per_sample=997.0)

    assert len(search_all(machine)[1]) < len(search_all(machine, known=False)[1])


@pytest.mark.parametrize("error", [-0.005, 0.0, 0.005])
def test_a_line_that_is_right_within_half_a_per_cent_is_followed_by_one_more_size(error) -> None:
    """The size that it chose and its neighbour are the two sides of the boundary."""
    machine = Machine(cap=1_000_000, base=50_000, per_sample=997.0)
    search = BoundarySearch(machine.cap)
    for batch in (128, 256, 512):
        search.feed(batch, RAN, int(machine.need(batch)), fresh=False)
    attempts = []
    machine.per_sample *= 1 + error
    while (attempt := search.next()) is not None:
        outcome, memory = machine.run(attempt)
        attempts.append(attempt)
        search.feed(attempt.size, outcome, memory, fresh=attempt.fresh)

    assert len(attempts) == 2
    assert search.largest_fitting <= machine.boundary < search.smallest_failing


def test_batch_one_never_bends_the_line() -> None:
    """Its memory is mostly the framework's own."""
    search = BoundarySearch(1_000_000)
    for batch, memory in ((1, 90_000), (2, 100_000), (4, 104_000), (8, 112_000)):
        search.feed(batch, RAN, memory, fresh=False)

    # 2,000 bytes a sample above 96,000: the line meets the cap at 452, and larger steps come first.
    for batch in (32, 128):
        assert search.next() == Attempt(batch, fresh=False)
        search.feed(batch, RAN, 96_000 + 2_000 * batch, fresh=False)
    # A size that the line chose has a fresh worker.
    assert search.next() == Attempt(int(NEAR * 452), fresh=True)


def test_not_even_one_sample_may_fit() -> None:
    """Then there is no largest size, and a fresh worker has said so."""
    search, _ = search_all(Machine(cap=1_000, base=5_000, per_sample=1.0))

    assert search.largest_fitting is None
    assert search.smallest_failing == 1
    assert search.verified


def test_where_nothing_fails_the_search_ends_and_says_so() -> None:
    """At the largest size that is tried."""
    search, _ = search_all(Machine(cap=10**9, base=0, per_sample=0.001), largest=100)

    assert search.largest_fitting == 100
    assert search.smallest_failing is None
    assert not search.verified
    assert search.reason == "no batch above 100 was tried"


def test_the_search_begins_at_the_size_that_it_is_given() -> None:
    """An axis may have no size below it."""
    search = BoundarySearch(None, first=12, largest=24, beyond="seq above 24")
    tried = []
    while (attempt := search.next()) is not None:
        tried.append(attempt.size)
        search.feed(attempt.size, RAN, fresh=attempt.fresh)
    assert tried[0] == 12
    assert search.reason == "no seq above 24 was tried"


def test_a_crash_is_a_failing_size_too() -> None:
    """Whatever ended the worker, a larger batch does not run."""
    search = BoundarySearch(None)
    died = Died(exit_code=-11, signal="SIGSEGV", phase="limit")
    search.feed(1, RAN, fresh=True)
    search.feed(2, died, fresh=True)

    assert search.next() is None
    assert search.verified
    assert search.outcomes[2] is died


def test_a_search_that_is_ended_early_is_not_verified() -> None:
    """Such as when the budget is spent."""
    search = BoundarySearch(None)
    search.feed(1, RAN, fresh=True)
    search.feed(9, OUT, fresh=True)
    search.end("the budget is used up")

    assert search.next() is None
    assert not search.verified
    assert (search.largest_fitting, search.smallest_failing) == (1, 9)


class Interrupted(RuleBasedStateMachine):
    """A search that is cut off again and again, and goes on from what was stored."""

    @initialize(machine=curves)
    def begin(self, machine):
        """A new search."""
        self.machine = machine
        self.stored = []
        self.search = BoundarySearch(machine.cap)

    @precondition(lambda self: self.search.next() is not None)
    @rule()
    def attempt(self):
        """One more attempt."""
        attempt = self.search.next()
        outcome, memory = self.machine.run(attempt)
        self.stored.append((attempt, outcome, memory))
        self.search.feed(attempt.size, outcome, memory, fresh=attempt.fresh)

    @rule()
    def resume(self):
        """The parent was killed: a new search is fed with what is stored, and begins with a fresh worker."""
        self.machine.kept = 0.0
        self.search = BoundarySearch(self.machine.cap)
        for attempt, outcome, memory in self.stored:
            self.search.feed(attempt.size, outcome, memory, fresh=attempt.fresh)

    @invariant()
    def ordered(self):
        """What fits lies below what fails."""
        low, high = self.search.largest_fitting, self.search.smallest_failing
        assert low is None or high is None or low < high

    @invariant()
    def truthful(self):
        """What fresh workers have said is true, and an ended search has the boundary between its sizes."""
        if self.search.verified:
            assert (self.search.largest_fitting or 0) <= self.machine.boundary < self.search.smallest_failing


TestInterruptedSearch = Interrupted.TestCase


@pytest.mark.parametrize("residue", [0.3, 0.9])
def test_an_arena_that_earlier_sizes_filled_is_not_the_limit(residue) -> None:
    """A failure in a used worker is said again by a fresh one, which runs that size."""
    machine = Machine(cap=1_450, base=1_000, per_sample=100.0, residue=residue)
    search, attempts = search_all(machine)

    assert any(outcome is OUT and machine.fits(attempt.size) for attempt, outcome in attempts)
    assert search.largest_fitting <= machine.boundary < search.smallest_failing


@pytest.mark.parametrize("residue", [0.3, 0.9])
def test_a_residue_does_not_lengthen_the_search(residue) -> None:
    """What the line chooses has a fresh worker at once: sizes are not approached in steps that a used one makes too short."""
    machine = Machine(cap=100_000, base=1_000, per_sample=100.0, residue=residue)
    search, attempts = search_all(machine)

    assert search.largest_fitting <= machine.boundary < search.smallest_failing
    assert sum(attempt.size > 512 for attempt, _ in attempts) <= 5
