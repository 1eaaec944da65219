"""The check of the thread budget: what is certain counts, and what is not is called open."""

from __future__ import annotations

from pathlib import Path

import pytest

from infer_compare.environment.threads import usable_cores
from infer_compare.plugins import load_backend
from infer_compare.testing.conformance import CHECKS, Failed, KnownGap, Skipped, Subject, runner
from infer_compare.testing.conformance.jobs import Threads
from infer_compare.testing.conformance.occupancy import Occupancy

HERE = Path(__file__).parent
two_cores = pytest.mark.skipif(usable_cores() < 2, reason="the check needs two cores")


def seen(busy: float, wanted: float | None = None, room: float | None = None) -> Occupancy:
    """What was seen on a machine of two cores."""
    return Occupancy(busy=busy, wanted=wanted, room=room, cores=2)


@pytest.mark.parametrize(
    ("occupancy", "finding"),
    [
        pytest.param(seen(0.99, 1.0), "kept", id="one thread on a quiet machine"),
        pytest.param(seen(0.15, 1.0), "kept", id="one thread on a busy machine"),
        pytest.param(seen(1.9, 1.95), "exceeded", id="two threads on a quiet machine"),
        pytest.param(seen(0.2, 1.95), "exceeded", id="two threads on a busy machine"),
        pytest.param(seen(1.15, 1.15), "exceeded", id="a helper that computes now and then"),
        pytest.param(seen(0.2, 1.15), "open", id="a little waiting that one thread may have caused"),
        pytest.param(seen(12.8, 12.8), "impossible", id="more cores than there are"),
        pytest.param(seen(0.99, None, 1.95), "kept", id="waiting is not known, and there was room for two"),
        pytest.param(seen(0.99, None, 1.1), "open", id="waiting is not known, and there was no room for two"),
        pytest.param(seen(1.9, None, 1.1), "exceeded", id="waiting is not known, and two threads computed"),
    ],
)
def test_what_is_certain_counts_and_the_rest_is_open(occupancy, finding):
    """Other programs can lower the processor time of a process, and nothing can raise it."""
    assert occupancy.finding(1) == finding


def check(name, occupancy, told="1"):
    """The result of the check for a backend that was seen so."""
    reference = f"file:{HERE / 'mutants.py'}:{name}"
    with Subject(load_backend(reference), reference=reference) as subject:
        subject._threads = Threads(told=told, seen=occupancy)  # in place of a process that computes for seconds
        return runner.run_check(CHECKS["thread_budget_is_kept"], subject)


@two_cores
def test_what_could_not_be_told_is_skipped_and_not_passed():
    """With the reason."""
    for occupancy, reason in ((seen(0.2, 1.15), "the machine is too busy"), (seen(12.8, 12.8), "the machine has 2")):
        found = check("Sound", occupancy)
        assert isinstance(found, Skipped)
        assert found.reason.startswith("could not tell")
        assert reason in found.reason


@two_cores
def test_a_budget_that_was_exceeded_fails_with_what_was_seen():
    """Cores where they were got, else threads that wanted one."""
    busy, waiting = check("Sound", seen(1.9, 1.9)), check("Sound", seen(0.2, 2.0))
    assert isinstance(busy, Failed)
    assert "1.9 cores are busy at a time" in busy.reason
    assert isinstance(waiting, Failed)
    assert "2.0 threads compute or wait for a core at a time" in waiting.reason


@two_cores
def test_threads_that_are_unknown_are_a_declared_gap_and_no_pass():
    """For both checks; a backend that takes no budget and happens to keep it passes the second."""
    reference = f"file:{HERE / 'mutants.py'}:Sound"
    with Subject(load_backend(reference), reference=reference) as subject:
        subject._threads = Threads(told="unknown", seen=seen(1.9, 1.9))
        told = runner.run_check(CHECKS["thread_budget_is_told"], subject)
        kept = runner.run_check(CHECKS["thread_budget_is_kept"], subject)
    for found in (told, kept):
        assert isinstance(found, KnownGap)
        assert found.reason == "`effective` says threads: unknown"
    assert "1.9 cores are busy" in kept.seen


@pytest.mark.slow
def test_a_thread_for_each_call_is_never_passed():
    """Its waiting for a core ends with it: on a busy machine nothing can be told, which is said."""
    reference = f"file:{HERE / 'mutants.py'}:NowAndThen"
    with Subject(load_backend(reference), reference=reference) as subject:
        found = runner.run_check(CHECKS["thread_budget_is_kept"], subject)
    assert isinstance(found, Failed | Skipped)
