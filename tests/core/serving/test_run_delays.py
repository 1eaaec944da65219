"""How long a service waited for processors, as the kernel counts it."""

from __future__ import annotations

import os

import pytest

from infer_compare.environment.schedstat import has_schedstat
from infer_compare.serving.delays import Counters, RunDelays, Waited


def test_what_held_a_service_up_is_the_batcher_and_the_slowest_thread_of_a_worker() -> None:
    """They work one after the other, and threads of a worker wait at the same time."""
    before = Waited(Counters(100, 1), (Counters(1000, 5), Counters(0, 0)))
    after = Waited(Counters(130, 2), (Counters(1500, 7), Counters(400, 9)))
    assert after.since(before) == Counters(530, 3)
    # A worker that was started again counts from nothing.
    assert before.since(after) == Counters(0, 0)


@pytest.mark.linux
@pytest.mark.skipif(not has_schedstat(), reason="this kernel does not tell")
def test_counters_of_threads_advance_and_those_of_ended_processes_do_not() -> None:
    """Whoever reads them need not know which workers still run."""
    with RunDelays([os.getpid(), 2**22 + 1]) as delays:
        first = delays.read()
        os.sched_yield()
        assert delays.known
        assert delays.read().since(first).waited_ns >= 0
        assert delays.read().batcher.turns >= first.batcher.turns > 0


def test_where_time_is_not_the_machines_nothing_is_known() -> None:
    """As in tests without processes."""
    with RunDelays(None) as delays:
        assert not delays.known
        assert delays.read().since(delays.read()) == Counters()
