"""What a process keeps after sessions were closed: a leak is told from what an allocator takes once."""

from __future__ import annotations

from infer_compare.plugins import load_backend
from infer_compare.testing.conformance import CHECKS, Passed, Subject
from infer_compare.testing.conformance.checks import memory
from infer_compare.testing.conformance.child import CYCLES
from infer_compare.testing.conformance.jobs import MORE_CYCLES, Cycles, ask
from infer_compare.testing.conformance.runner import run_check

MIB = 2**20


def _cycles(*resident):
    return Cycles(resident=tuple(resident), peak=max(resident))


def test_growth_is_measured_over_the_last_ten_sessions():
    """Against the least of three, since a life may leave its memory a moment longer."""
    flat = [100 * MIB] * 20
    assert _cycles(*flat).kept == 0
    assert _cycles(*flat[:10], *(100 * MIB + life * MIB for life in range(1, 11))).kept == 8 * MIB
    assert _cycles(*flat[:-1], 130 * MIB).kept == 0
    grown = _cycles(*[100 * MIB] * 13, *[124 * MIB] * 17)
    assert grown.kept == 0


def test_a_hundredth_of_the_peak_may_stay_and_a_mebibyte_anyway():
    """What is allowed."""
    assert _cycles(50 * MIB).allowed == MIB
    assert _cycles(500 * MIB).allowed == 5 * MIB


def test_a_step_that_is_taken_once_is_no_leak(here, monkeypatch):
    """Ten more sessions show that it does not come again."""
    answers = []
    monkeypatch.setattr(memory, "ask", lambda *task: answers.append(ask(*task)) or answers[-1])
    reference = f"file:{here / 'stepping_backend.py'}:Stepping"
    with Subject(load_backend(reference), reference=reference) as subject:
        result = run_check(CHECKS["closing_frees_memory"], subject)
    assert isinstance(result, Passed), result
    assert len(answers[0].resident) == CYCLES + MORE_CYCLES
