"""A backend that says one thing and does another is caught; `benchmarks/lies.py` counts how often."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from infer_compare.environment.threads import usable_cores
from infer_compare.plugins import load_backend
from infer_compare.testing.conformance import CHECKS, Subject, run_check

FILE = Path(__file__).with_name("lies.py")
LIES = sys.modules[load_backend(f"file:{FILE}:TwoThreads").__module__].LIES


def outcome(lie):
    """What comes of the check that is to catch it."""
    reference = f"file:{FILE}:{lie.backend}"
    with Subject(load_backend(reference), reference=reference) as subject:
        return str(run_check(CHECKS[lie.check], subject).__struct_config__.tag)


def named(lies):
    """Each by what it says and does."""
    return [pytest.param(lie, id=f"{lie.says}, and {lie.does}") for lie in lies]


@pytest.mark.parametrize("lie", named(lie for lie in LIES if lie.subject == "precision"))
def test_a_precision_that_is_not_computed_in_is_caught(lie):
    """By its errors."""
    assert outcome(lie) == "failed"


@pytest.mark.slow
@pytest.mark.parametrize("lie", named(lie for lie in LIES if lie.subject != "precision"))
def test_any_other_lie_is_caught(lie):
    """Threads that the backend knows nothing of are listed as its own gap, and never passed."""
    if "threads" in lie.subject and usable_cores() < 2:
        pytest.skip("the check needs two cores")
    assert outcome(lie) == lie.outcome
