"""Memory while it is timed: what a point holds, and what grows by the call."""

from __future__ import annotations

from pathlib import Path

import pytest

from infer_compare.report import document
from infer_compare.report.text import TextReporter

BACKENDS = Path(__file__).with_name("memory_backends.py")
OPTIONS = "fixed_us=3000,per_sample_us=0"
MIB = 2**20


@pytest.fixture
def points(real_sweep):
    """The report and the first point of each contender."""
    run = real_sweep(
        f"{BACKENDS}:Leaking:label=leaking,{OPTIONS}", f"{BACKENDS}:Building:label=building,{OPTIONS}",
        batch_sizes=(1,), rounds=2,
    )  # fmt: skip
    made = document(run)
    return run, made, {curve.contender: curve.points[0] for curve in made.curves}


def test_memory_is_that_of_the_timed_calls_and_growth_by_the_call_is_told(points):
    """Building a batch size takes 96 MiB for a moment; a leak of 128 KiB a call stays."""
    run, made, found = points
    explored = {probe.contender: probe.outcome.memory.resident for probe in run.probes}
    assert all(piece.memory is not None for one in run.rounds for piece in one.slices)

    building, leaking = found["building"], found["leaking"]
    assert building.memory.resident < explored["building"] - 48 * MIB
    assert "memory_grows" not in building.flags
    assert "memory_grows" in leaking.flags
    assert leaking.figures.memory_growth == pytest.approx(128 * 1024, rel=0.15)
    text = " ".join(TextReporter().render(made).split())
    assert "leaking takes more memory with every call at batch 1 (memory grows by 1" in text
    assert "KiB a call)" in text
