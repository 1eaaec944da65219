"""What is read from a run of a backend against itself, and what is said of it."""

from __future__ import annotations

import pytest

from infer_compare.results import Closing, Skipped, Unusable
from infer_compare.selftest import SLOWDOWNS, findings
from infer_compare.selftest.setup import planted_label, twins
from infer_compare.selftest.statement import advice, backend_sentence, statement
from infer_compare.verdicts.protocol import MARGIN

BUSY = Closing(state="stopped", reason="the machine is busy: make, pid 7, takes 98% of a core", elapsed_s=3.0)
FIRST, SECOND = twins("onnx")


def _at_every_size(label: str, factor: float) -> dict[tuple[str, int], float]:
    return {(label, size): factor for size in (1, 8, 32)}


def test_on_a_quiet_machine_every_slowdown_is_found_and_no_verdict_is_false(told):
    """Four restarts with little noise."""
    found = findings(told(), "onnx")
    assert found.state == "measured"
    assert (found.twins.false, found.twins.comparisons, found.twins.same) == (0, 3, 3)
    assert [(one.slowdown, one.right, one.wrong, one.not_shown) for one in found.planted] == [
        (slowdown, 3, 0, 0) for slowdown in SLOWDOWNS
    ]
    assert [one.measured for one in found.planted] == [pytest.approx(share, abs=0.005) for share in SLOWDOWNS]
    assert found.resolved == SLOWDOWNS[0]
    assert found.half_width is not None
    assert 0 < found.half_width < MARGIN
    assert (found.restarts, found.clean_restarts) == (4, 4)
    assert found.passed
    assert statement([found], 2) == (
        "On this machine with 2 threads a difference of 5 % is shown reliably; no false verdict in 3 A/A comparisons; "
        "0 % of slices were rejected."
    )
    assert advice([found], threads=2, cores=2) == ()


def test_a_difference_between_the_twins_is_a_false_verdict(told):
    """At one batch size of three."""
    found = findings(told(factors={(SECOND, 8): 1.08}), "onnx")
    assert (found.twins.false, found.twins.same) == (1, 2)
    assert not found.passed
    assert "1 false verdict in 3 A/A comparisons" in backend_sentence(found)
    assert "run the self-test again" in advice([found], threads=2, cores=2)[0]


def test_a_slowdown_that_is_called_the_same_or_faster_is_wrong(told):
    """Whichever twin it is compared with."""
    factors = _at_every_size(planted_label("onnx", 0.05), 1 / 1.05) | _at_every_size(planted_label("onnx", 0.1), 0.8)
    found = findings(told(factors=factors), "onnx")
    assert [one.wrong for one in found.planted] == [3, 3, 0]
    assert found.false == 6
    assert found.resolved == 0.2
    assert not found.passed
    assert "called faster or the same at 6 operating points" in backend_sentence(found)


def test_noise_hides_small_slowdowns_first(told):
    """What is not found is not shown, and nobody is called wrong for it."""
    found = findings(told(noise=0.08, seed=0), "onnx")
    assert found.planted[0].not_shown > 0
    assert found.false == 0
    assert found.resolved != 0.05
    said = advice([found], threads=2, cores=2)
    assert any("--thorough" in one and "--threads 1" in one for one in said)


def test_what_is_shown_at_a_few_batch_sizes_is_not_called_reliable(told):
    """The largest slowdown is missing at one batch size of three."""
    found = findings(told(factors={(planted_label("onnx", 0.2), 1): 1.03 / 1.2}), "onnx")
    assert found.planted[-1].right == 2
    assert found.resolved is None
    assert found.passed
    assert "a difference of 20 % is shown at 2 of 3 operating points" in backend_sentence(found)


def test_with_too_few_restarts_more_time_is_advised_and_nothing_else(told):
    """Below 15 % a difference is settled by the third restart."""
    found = findings(told(restarts=2), "onnx")
    assert found.cut_short
    assert found.resolved == 0.2
    (only,) = advice([found], threads=2, cores=2)
    assert "2 restarts" in only
    assert "a difference of 20 % is shown reliably" in backend_sentence(found)


def test_rejected_slices_are_counted_with_the_busiest_program(told):
    """Half of the rounds were disturbed; the others still tell."""
    found = findings(told(rejected=lambda _restart, number: number % 2 == 0), "onnx")
    assert found.rejected_share == 0.5
    assert found.top is not None
    assert found.top.pid == 7
    assert "50 % of slices were rejected (make, pid 7)" in backend_sentence(found)
    close, fewer = advice([found], threads=2, cores=2)
    assert "Close make, pid 7" in close
    assert "--threads 1" in fewer


def test_restarts_without_a_clean_round_are_blamed_on_the_machine_and_not_on_the_time(told):
    """Two of four were lost altogether, so that nothing below 15 % can be shown."""
    found = findings(told(rejected=lambda restart, _number: restart > 2), "onnx")
    assert (found.restarts, found.clean_restarts) == (4, 2)
    assert found.spoilt
    assert not found.cut_short
    assert found.resolved == 0.2
    said = advice([found], threads=2, cores=2)
    assert any("clean rounds in 2 restarts only" in one for one in said)
    assert not any("more time" in one for one in said)


def test_one_thread_cannot_be_made_fewer(told):
    """So that only closing programs is advised."""
    found = findings(told(rejected=lambda _restart, number: number % 2 == 0), "onnx")
    assert not any("--threads" in one for one in advice([found], threads=1, cores=2))


def test_accepted_contention_is_told_as_part_of_the_resolution(told):
    """Threads x mean wait share."""
    quiet, noisy = findings(told(), "onnx"), findings(told(wait_share=0.02), "onnx")
    assert quiet.allowance == 0
    assert noisy.allowance == pytest.approx(2 * 0.02)
    assert noisy.half_width is not None
    assert quiet.half_width is not None
    assert noisy.half_width > quiet.half_width + 0.03


def test_a_busy_machine_is_told_with_its_culprit(told):
    """Nothing was measured; no verdict is counted."""
    found = findings(told(restarts=1, rejected=lambda *_: True, closing=BUSY), "onnx")
    assert found.state == "busy"
    assert found.twins.comparisons == 0
    assert [one.points for one in found.planted] == [0, 0, 0]
    assert found.half_width is None
    assert not found.passed
    assert statement([found], 2) == (
        "On this machine with 2 threads nothing could be measured: "
        "the machine is busy: make, pid 7, takes 98% of a core."
    )
    assert any("--threads 1" in one for one in advice([found], threads=2, cores=2))


def test_a_budget_that_ends_before_a_clean_round_is_a_busy_machine_too(told):
    """The run is complete, and all its rounds were rejected."""
    found = findings(told(restarts=1, rejected=lambda *_: True), "onnx")
    assert found.state == "busy"
    assert "no clean round" in found.reason


def test_a_backend_that_fails_is_told_with_its_reason(told):
    """As a missing library would make it."""
    gone = [Unusable(contender=label, outcome=Skipped(reason="it has no library")) for label in (FIRST, SECOND)]
    found = findings(told(unusable=gone), "onnx")
    assert found.state == "failed"
    assert "it has no library" in backend_sentence(found)
    assert statement([found], 1).startswith("On this machine with 1 thread nothing could be measured")


def test_over_all_backends_the_worst_resolution_counts_and_comparisons_add_up(told):
    """And a backend that was not measured is named."""
    fine = findings(told("torch"), "torch")
    coarse = findings(told(factors={(planted_label("onnx", 0.05), 1): 1 / 1.02}), "onnx")
    busy = findings(told("tensorflow", restarts=1, rejected=lambda *_: True, closing=BUSY), "tensorflow")
    assert coarse.resolved == 0.1
    said = statement([fine, coarse, busy], 2)
    assert "a difference of 10 % is shown reliably; no false verdict in 6 A/A comparisons" in said
    assert said.endswith("; nothing was measured with tensorflow.")
