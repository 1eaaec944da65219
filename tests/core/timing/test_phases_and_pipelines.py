"""The slices of the end-to-end scope and of asynchronous devices, on fakes."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from infer_compare.timing import SliceLimits, enqueued, pipelined, timed_phases

if TYPE_CHECKING:
    from conftest import ManualClock

MS = 1_000_000


class AsynchronousDevice:
    """Works through a queue in order; giving it work costs the host 1 ms, the work itself takes 10 ms."""

    def __init__(self, clock: ManualClock, host_ns: int = MS, device_ns: int = 10 * MS) -> None:
        self.clock = clock
        self.host_ns = host_ns
        self.device_ns = device_ns
        self.free_at = 0
        self.done_at: dict[int, int] = {}
        self.in_flight = 0
        self.most_in_flight = 0

    def enqueue(self, slot: int) -> None:
        """Returns before the work is done."""
        self.clock.now += self.host_ns
        self.free_at = max(self.free_at, self.clock.now) + self.device_ns
        self.done_at[slot] = self.free_at
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def wait(self, slot: int) -> None:
        """Returns when the slot's work is done."""
        self.clock.now = max(self.clock.now, self.done_at[slot])
        self.in_flight -= 1

    def synchronize(self) -> None:
        """Returns when all work is done."""
        self.clock.now = max(self.clock.now, self.free_at)
        self.in_flight = 0


def test_an_iteration_is_the_sum_of_its_parts(clock: ManualClock) -> None:
    """Stage 2 ms, run 5 ms, fetch 1 ms: each is told apart and nothing falls between them."""
    slots = iter(range(1_000))

    def stage() -> int:
        clock.now += 2 * MS
        return next(slots)

    ran: list[int] = []

    def run(slot: int) -> None:
        clock.now += 5 * MS
        ran.append(slot)

    def fetch(slot: int) -> None:
        clock.now += 1 * MS
        assert ran[-1] == slot
        clock.made.append("fetch")

    piece = timed_phases([stage, stage], run, fetch, 8 * MS, clock)
    assert piece.phases is not None
    assert set(piece.phases.stage_ns) == {2 * MS}
    assert set(piece.phases.run_ns) == {5 * MS}
    assert set(piece.phases.fetch_ns) == {1 * MS}
    parts = zip(piece.phases.stage_ns, piece.phases.run_ns, piece.phases.fetch_ns, strict=True)
    assert piece.durations_ns == tuple(map(sum, parts))
    assert piece.discarded == 2
    assert len(piece.durations_ns) == 8
    assert clock.made == ["fetch"] * 10
    assert piece.started_ns == 1_000 + 2 * 8 * MS


def test_staged_buffers_take_turns(clock: ManualClock) -> None:
    """The batch of each iteration comes from the next buffer."""
    order: list[str] = []
    stages = [lambda: "a", lambda: "b", lambda: "c"]

    def run(slot: str) -> None:
        clock.now += 20 * MS
        order.append(slot)

    timed_phases(stages, run, lambda _: None, 20 * MS, clock)
    assert order == [*"a", *"abcabcab"]


def test_iterations_that_overrun_end_the_slice_early(clock: ManualClock) -> None:
    """The parts of the iterations that were made are kept, and no more."""
    piece = timed_phases([lambda: None], lambda _: clock.call(300 * MS)(), lambda _: None, MS, clock)
    assert piece.phases is not None
    assert piece.durations_ns == (300 * MS,) * 3
    assert len(piece.phases.run_ns) == 3


def test_the_pipelined_period_is_the_devices_time_where_the_host_is_faster(clock: ManualClock) -> None:
    """One batch ahead hides the host's share: 10 ms a batch, not 11."""
    device = AsynchronousDevice(clock)
    piece = pipelined(
        [lambda: device.enqueue(0), lambda: device.enqueue(1)],
        [lambda: device.wait(0), lambda: device.wait(1)],
        10 * MS,
        clock,
    )
    assert set(piece.durations_ns) == {10 * MS}
    assert len(piece.durations_ns) == 8
    assert device.most_in_flight == 2
    assert device.in_flight == 0


def test_the_pipelined_period_is_the_hosts_time_where_the_device_is_faster(clock: ManualClock) -> None:
    """A launch-bound contender: the device waits for the host."""
    device = AsynchronousDevice(clock, host_ns=10 * MS, device_ns=2 * MS)
    piece = pipelined(
        [lambda: device.enqueue(0), lambda: device.enqueue(1)],
        [lambda: device.wait(0), lambda: device.wait(1)],
        10 * MS,
        clock,
    )
    assert set(piece.durations_ns) == {10 * MS}


def test_slots_are_waited_for_in_the_order_in_which_they_were_filled(clock: ManualClock) -> None:
    """With three slots, a slot is never filled again before it was waited for."""
    order: list[str] = []

    def note(word: str) -> None:
        clock.now += 50 * MS
        order.append(word)

    pipelined(
        [lambda slot=slot: note(f"+{slot}") for slot in range(3)],
        [lambda slot=slot: note(f"-{slot}") for slot in range(3)],
        100 * MS,
        clock,
    )
    filled: set[str] = set()
    for word in order:
        if word[0] == "+":
            assert word[1] not in filled
            filled.add(word[1])
        else:
            filled.remove(word[1])
    assert not filled
    assert order[:4] == ["+0", "+1", "-0", "+2"]


def test_pipelining_with_one_slot_is_refused(clock: ManualClock) -> None:
    """Nothing can be enqueued ahead into the slot that is being worked on."""
    with pytest.raises(ValueError, match="two slots"):
        pipelined([clock.call(1)], [clock.call(1)], MS, clock)
    with pytest.raises(ValueError, match="2 slots and 1 waits"):
        pipelined([clock.call(1)] * 2, [clock.call(1)], MS, clock)


def test_the_enqueue_series_sees_the_hosts_share_alone(clock: ManualClock) -> None:
    """The device's work is waited for outside the clock."""
    device = AsynchronousDevice(clock)
    piece = enqueued([lambda: device.enqueue(0), lambda: device.enqueue(1)], device.synchronize, 11 * MS, clock)
    assert set(piece.durations_ns) == {1 * MS}
    assert len(piece.durations_ns) == 8
    assert device.most_in_flight == 1


def test_series_of_asynchronous_devices_end_early_too(clock: ManualClock) -> None:
    """A device a hundred times slower than planned does not hold the slice for a hundred times its time."""
    limits = SliceLimits(minimum_calls=60)
    device = AsynchronousDevice(clock, device_ns=100 * MS)
    slow = enqueued([lambda: device.enqueue(0)], device.synchronize, MS, clock, limits)
    assert 1 <= len(slow.durations_ns) < 10
    piped = pipelined([clock.call(0)] * 2, [clock.call(100 * MS)] * 2, MS, clock, limits)
    assert set(piped.durations_ns) == {100 * MS}
    assert len(piped.durations_ns) < 10


def test_the_enqueue_series_needs_a_call(clock: ManualClock) -> None:
    """There is nothing to time, and nothing to stage."""
    with pytest.raises(ValueError, match="at least one call"):
        enqueued([], clock.call(1), MS, clock)
    with pytest.raises(ValueError, match="at least one input buffer"):
        timed_phases([], lambda _: None, lambda _: None, MS, clock)


def test_the_collector_is_off_in_every_series(clock: ManualClock) -> None:
    """Collections belong to no iteration."""
    seen: list[bool] = []

    def call(*_: object) -> None:
        clock.now += 100 * MS
        seen.append(gc.isenabled())

    timed_phases([call], call, call, 100 * MS, clock)
    pipelined([call, call], [call, call], 100 * MS, clock)
    enqueued([call], call, 100 * MS, clock)
    assert not any(seen)
    assert gc.isenabled()
