"""What a resumed run tries again because a server was not reached."""

from __future__ import annotations

from asked import header
from infer_compare.planner.resuming import answered
from infer_compare.results import (
    LimitReached,
    Measured,
    OperatingPoint,
    Probe,
    Run,
    Skipped,
    Unavailable,
)

RAN = Measured(prepare_ns=1, first_call_ns=1, latency_ns=1)
LOST = Unavailable(error="ConnectionError", reason="gone", phase="explore")
LEFT_OUT = Skipped(reason="not tried")
LIMIT = LimitReached(reason="32 bits", phase="explore")


def explored(*outcomes):
    """A run in which points of the contender `far` ended so: batch size, sequence length, outcome."""
    probes = (
        Probe(phase="explore", contender="far", point=OperatingPoint(batch, (("seq", seq),)), outcome=outcome)
        for batch, seq, outcome in outcomes
    )
    return Run.fold([header("far"), *probes])


def kept(run):
    """Batch size and sequence length of what is not tried again."""
    return {(point.batch, dict(point.axes)["seq"]) for _, point in answered(run)}


def test_sizes_that_were_left_out_for_a_lost_server_are_tried_with_it():
    """What ran stays."""
    run = explored((1, 16, RAN), (2, 16, LOST), (4, 16, LEFT_OUT))
    assert kept(run) == {(1, 16)}


def test_sizes_that_were_left_out_for_another_reason_are_not():
    """Nor those of another curve."""
    run = explored((1, 16, RAN), (2, 16, LIMIT), (4, 16, LEFT_OUT), (1, 32, LOST), (2, 32, LEFT_OUT))
    assert kept(run) == {(1, 16), (2, 16), (4, 16)}


def test_a_size_that_ran_when_it_was_tried_again_stays():
    """The last outcome counts."""
    run = explored((1, 16, LOST), (2, 16, LEFT_OUT), (1, 16, RAN), (2, 16, RAN))
    assert kept(run) == {(1, 16), (2, 16)}
