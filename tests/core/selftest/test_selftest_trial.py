"""The self-test as a whole, with a scripted backend in real workers, and once with a real one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import psutil
import pytest

from infer_compare import api
from infer_compare.errors import NoUsableBackend, StoreError, UnknownBackend
from infer_compare.phases.events import Observer
from infer_compare.plugins import Plugins
from infer_compare.selftest import SLOWDOWNS, Setup, run_selftest
from infer_compare.selftest.trial import usable_backends

if TYPE_CHECKING:
    from pathlib import Path

SETUP = Setup(threads=1, model="mlp", batch_sizes=(1,), quick=True)


class Notes(Observer):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, topic: str, text: str) -> None:
        self.said.append(text)


@pytest.fixture
def open_gate(monkeypatch):
    """What else runs on the machine decides no test."""
    monkeypatch.setattr("infer_compare.environment.gate.rejection", lambda *_args, **_kwargs: None)


@pytest.mark.usefixtures("open_gate")
def test_a_backend_is_run_twice_and_slowed_down_in_real_workers(fakes: Plugins, tmp_path: Path):
    """The runs are kept where they were asked for, and no process is left; so little time settles nothing."""
    notes = Notes()
    done = run_selftest(SETUP, fakes, notes, backends=["fake"], budget_s=0.5, folder=tmp_path / "kept")
    assert not psutil.Process(os.getpid()).children(recursive=True)
    run = api.load_run(tmp_path / "kept" / "fake")
    assert run.labels == ("fake", "fake again", "fake +5 %", "fake +10 %", "fake +20 %")
    assert [one.options.get("slowdown") for one in run.header.contenders[2:]] == [str(share) for share in SLOWDOWNS]
    assert {one.verdict for one in run.agreements} == {"agrees"}
    effective = {start.contender: start.effective.get("slowdown") for start in run.starts}
    assert effective["fake"] is None
    assert effective["fake +20 %"] == "20 %"
    assert done.backends[0].backend == "fake"
    assert done.statement.startswith("On this machine with 1 thread")
    assert not done.passed
    assert any("fake (1 of 1)" in text for text in notes.said)


def test_four_restarts_are_asked_for_quick_or_not(fakes: Plugins):
    """Fewer could show no planted slowdown; quick halves the rounds."""
    quick, usual = SETUP.options("fake", None), Setup(threads=1).options("fake", 30.0)
    assert (quick.restarts, quick.rounds, quick.mode) == (4, 2, "default")
    assert (usual.restarts, usual.rounds, usual.budget) == (4, None, 30.0)
    plan = api.plan(usual, plugins=fakes)
    assert len(plan.routes) == 2 + len(SLOWDOWNS)


def test_a_named_backend_is_tested_once_and_a_missing_one_is_skipped_with_the_reason(fakes: Plugins):
    """By whatever of its names."""
    usable, skipped = usable_backends(["ort", "onnx", "absent"], fakes)
    assert usable == ("onnx",)
    assert [one.backend for one in skipped] == ["absent"]
    assert "a_framework_that_nobody_has is not installed" in skipped[0].reason
    assert "pip install absent" in skipped[0].reason


def test_of_the_default_backends_none_need_be_known():
    """A bare installation has none of them; those that are named must be known."""
    bare = Plugins()
    usable, skipped = usable_backends(None, bare)
    assert usable == ()
    assert {one.backend for one in skipped} == {"torch", "onnx"}
    with pytest.raises(UnknownBackend):
        usable_backends(["torch"], bare)
    with pytest.raises(NoUsableBackend, match=r"torch.*onnx"):
        run_selftest(SETUP, bare, Observer())


def test_a_folder_with_runs_is_refused_before_anything_is_started(fakes: Plugins, tmp_path: Path):
    """Nothing is overwritten."""
    (tmp_path / "kept" / "fake").mkdir(parents=True)
    (tmp_path / "kept" / "fake" / "run.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match="already holds a run"):
        run_selftest(SETUP, fakes, Observer(), backends=["fake"], folder=tmp_path / "kept")


@pytest.mark.slow
def test_a_real_backend_is_measured_against_itself():
    """On a machine that is busy, that is said; else all comparisons are made, and the largest planted loss is seen as such."""
    pytest.importorskip("onnxruntime")
    done = run_selftest(
        Setup(threads=1, quick=True, batch_sizes=(1, 8)), Plugins.discover(), Observer(), backends=["onnx"]
    )
    (found,) = done.backends
    assert found.slices > 0
    if found.state == "busy":
        assert "busy" in done.statement
        assert done.advice
        return
    assert found.state == "measured"
    assert found.twins.comparisons > 0
    measured = [one.measured for one in found.planted if one.measured is not None]
    # The smaller ones differ by less than one quick run of a busy machine scatters.
    largest = found.planted[-1].measured
    assert largest is None or largest == max(measured)
    assert done.passed == (found.false == 0 and found.planted[-1].shown)
