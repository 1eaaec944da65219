"""The kit, tested by backends that are broken in one way each: the check of that way fails, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from infer_compare.plugins import load_backend
from infer_compare.testing.conformance import CHECKS, Failed, Skipped, Subject, check_backend, runner

HERE = Path(__file__).parent
FILES = {"importing_loads_no_framework": (HERE / "eager_backend.py", "Eager")}
"""Mutants that need a file of their own."""
OWN_MODELS = "agrees_on_models_of_its_own"

mutants = load_backend(f"file:{HERE / 'mutants.py'}:Sound").__module__


def _reference(check):
    import sys

    if check in FILES:
        path, name = FILES[check]
    else:
        path, name = HERE / "mutants.py", sys.modules[mutants].MUTANTS[check].__name__
    return f"file:{path}:{name}"


def _subject(check):
    import sys

    reference = _reference(check)
    # Loading the file makes all of its classes, and each class makes the next load slower.
    backend = load_backend(reference) if check in FILES else sys.modules[mutants].MUTANTS[check]
    return Subject(backend, reference=reference)


def _failed(report):
    return {one.check: one.reason for one in report.results if isinstance(one, Failed)}


def _broken():
    import sys

    return [*FILES, *sys.modules[mutants].MUTANTS]


def test_every_check_has_a_mutant():
    """One that must fail it."""
    assert {*_broken(), OWN_MODELS} == set(CHECKS)


def test_a_sound_backend_fails_nothing():
    """What the mutants are made of."""
    reference = f"file:{HERE / 'mutants.py'}:Sound"
    with Subject(load_backend(reference), reference=reference) as subject:
        report = check_backend(subject, slow=False)
    assert _failed(report) == {}
    assert report.passed


def test_a_backend_that_says_the_processor_works_on_its_own_fails():
    """Its calls would be waited for anyway; the sentence says why."""
    reference = f"file:{HERE / 'mutants.py'}:AheadOnTheHost"
    with Subject(load_backend(reference), reference=reference) as subject:
        found = runner.run_check(CHECKS["capabilities_are_declared"], subject)
    assert isinstance(found, Failed)
    assert "`asynchronous` names cpu" in found.reason
    assert found.reason.endswith("Leave cpu out.")


HEAVY = {
    "importing_loads_no_framework",
    "native_models_are_read_by_the_framework",
    "making_loads_no_framework",
    "classifying_loads_no_framework",
    "proposing_loads_no_framework",
    "synchronize_waits",
    "wait_waits",
    "every_run_is_work",
    "usable_in_a_worker",
}
"""Checks that begin a process, or run long: other mutants meet them in the slowest test."""


@pytest.mark.parametrize("check", [one for one in _broken() if not CHECKS[one].slow])
def test_a_mutant_fails_its_check(check, monkeypatch):
    """And the report as a whole."""
    monkeypatch.setattr(runner, "CHECKS", {check: CHECKS[check]})
    with _subject(check) as subject:
        report = check_backend(subject, slow=False)
    assert set(_failed(report)) == {check}
    assert not report.passed


@pytest.mark.slow
@pytest.mark.parametrize("check", [one for one in _broken() if not CHECKS[one].slow])
def test_a_mutant_fails_its_check_and_no_other_quick_one(check, monkeypatch):
    """And what is said of it is a sentence."""
    # A dictionary of its own: what is taken out of the registry and put back stands at its end, out of its order.
    monkeypatch.setattr(runner, "CHECKS", {name: one for name, one in CHECKS.items() if name not in HEAVY - {check}})
    with _subject(check) as subject:
        report = check_backend(subject, slow=False)
    assert set(_failed(report)) == {check}, _failed(report)
    assert not report.passed
    assert _failed(report)[check].endswith((".", ".)", "?")), _failed(report)[check]


LONG = {"thread_budget_is_told", "thread_budget_is_kept", "real_exhaustion_is_recognised", "closing_frees_memory"}
"""Checks in processes that compute for seconds: only mutants that need one of them meet them."""
OF_THE_FILE = {"importing_loads_no_framework"}
"""What is the same for all mutants of a file; the sound backend of it passes."""


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("check", [one for one in _broken() if CHECKS[one].dynamic or CHECKS[one].slow or one in HEAVY])
def test_a_mutant_fails_its_check_and_no_other_at_all(check, monkeypatch):
    """The slow ones too; of the quick ones those that the quick test has not seen."""
    if check not in LONG:
        # No quick test has seen the mutants of slow checks.
        met = {one for one in CHECKS if CHECKS[check].slow or CHECKS[one].slow or one in HEAVY}
        left = met - LONG - OF_THE_FILE | {check}
        monkeypatch.setattr(runner, "CHECKS", {name: one for name, one in CHECKS.items() if name in left})
    with _subject(check) as subject:
        report = check_backend(subject)
    assert set(_failed(report)) == {check}, _failed(report)
    assert not isinstance(next(one for one in report.results if one.check == check), Skipped)
