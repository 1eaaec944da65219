"""A sweep in Python tells a notebook how far it is, and another thread can cancel it."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

import infer_compare as ic
from infer_compare.api.progress import NotebookProgress
from infer_compare.interfaces import OperatingPoint
from infer_compare.phases.events import Observer


def test_a_sweep_is_cancelled_at_its_next_step_and_can_be_resumed(sweep, tmp_path) -> None:
    """As with Ctrl-C: what was measured is stored, and the file says that it was cancelled."""
    cancel = threading.Event()

    class Impatient(Observer):
        """Cancels when exploring begins."""

        def probing(self, label: str, point: OperatingPoint) -> None:
            cancel.set()

    with pytest.raises(KeyboardInterrupt):
        sweep(contenders=["reference"], folder=tmp_path / "run", observer=Impatient(), cancel=cancel)
    stored = ic.load(tmp_path / "run")
    assert stored.run.closing.state == "interrupted"
    assert stored.run.closing.reason == "cancelled by the program that ran it"
    assert stored.best() is None


@pytest.mark.slow
def test_a_sweep_runs_in_a_thread(sweep, tmp_path) -> None:
    """As in a program with windows."""
    found = []
    worker = threading.Thread(
        target=lambda: found.append(
            sweep(contenders=["reference"], batch_sizes=1, folder=tmp_path / "run", cancel=threading.Event())
        )
    )
    worker.start()
    worker.join(120)
    assert found[0].best().batch == 1


@pytest.fixture
def shown():
    """What a notebook shows, one after the other."""
    return []


@pytest.fixture
def clock():
    """A clock that the test sets, in seconds."""
    return SimpleNamespace(now=0.0)


@pytest.fixture
def progress(shown, clock):
    """A progress line."""
    return NotebookProgress(shown.append, lambda: clock.now)


def test_a_notebook_shows_elapsed_and_remaining_time_before_the_step(progress, shown, clock) -> None:
    """And how much of the whole is done."""
    progress.measuring(1, 3, 2)
    clock.now = 30.0
    progress.round_done(SimpleNamespace(phase="measure", restart=1, point=OperatingPoint(8)), remaining_s=10.0)
    assert 'value="0.750"' in shown[-1]
    assert shown[-1].index("30 s, about 10 s left") < shown[-1].index("restart 1, batch 8")


def test_a_notebook_is_drawn_at_most_once_a_second_while_something_is_measured(progress, shown, clock) -> None:
    """Drawing is work on the machine that is being measured."""
    for step in range(20):
        clock.now = step / 10
        progress.probing("onnx", OperatingPoint(1))
    assert len(shown) == 2


def test_notes_stay_when_the_run_has_ended(progress, shown) -> None:
    """Escaped; the bar goes."""
    progress.note("busy", "<make> takes a core")
    progress.finished(None)
    assert "<progress" not in shown[-1]
    assert "busy: &lt;make&gt; takes a core" in shown[-1]
