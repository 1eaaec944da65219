"""What is timed keeps its thread budget."""

from __future__ import annotations

from pathlib import Path

from infer_compare.verdicts.summary import summarise

BACKENDS = Path(__file__).with_name("budget_backends.py")


def test_nothing_is_enqueued_ahead_on_the_processor_whatever_a_backend_declares(sweep):
    """Every call is waited for, and takes what the work takes although `run` returns at once."""
    run = sweep(f"{BACKENDS}:AheadOnTheHost:label=ahead,fixed_us=3000,per_sample_us=0,host_us=100", batch_sizes=(1,))
    assert {piece.series for one in run.rounds for piece in one.slices} == {"latency"}
    assert not any(start.asynchronous for start in run.starts)
    (found,) = summarise(run).figures
    assert found.latency_min_ns >= 3_000_000
    assert not found.pipelined
