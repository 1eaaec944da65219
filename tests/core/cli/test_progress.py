"""Progress of a run: on one line in a terminal, and as events for programs."""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len
from rich.console import Console

import infer_compare as ic
from infer_compare.api.plugin_events import PluginEvents
from infer_compare.cli.json_progress import JsonLines
from infer_compare.cli.progress import Terminal
from infer_compare.cli.progress_line import ProgressLine
from infer_compare.cli.ticker import Ticker
from infer_compare.interfaces import OperatingPoint
from infer_compare.plugins import Plugins
from infer_compare.results import Failed

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLE = Path(__file__).parents[3] / "docs" / "example"
POINT = OperatingPoint(8)
WAIT_S = 20.0


class Clock:
    """Goes only when it is told to."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class Round:
    """As much of one as progress looks at."""

    point, index, clean = POINT, 3, True


def lines(width: int = 80, **options: Any) -> tuple[ProgressLine, Clock, Callable[[], str]]:
    """Progress on a clock, and what its line is."""
    clock = Clock()
    shown = ProgressLine(clock)
    return shown, clock, lambda: shown.line(width, **options)


def measured(shown: ProgressLine, clock: Clock, rounds: int = 6) -> None:
    """A run in its second minute."""
    shown.measuring(1, 2, 4)
    for _ in range(rounds):
        clock.now_s += 10
        shown.round_done(Round(), remaining_s=30)  # type: ignore[arg-type]


def test_the_bar_comes_first_and_the_step_last() -> None:
    """Between them, how many of how many, elapsed and remaining time."""
    shown, clock, line = lines()
    measured(shown, clock)
    shown.timing(POINT)
    assert line() == "━━━━━━━━━━━━╌╌╌╌ 6/8  1:00, about 0:30 left  measure: timing batch 8"
    clock.now_s += 10
    assert "1:10, about 0:20 left" in line()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_what_matters_fits_a_terminal_of_any_width(width) -> None:
    """Only the step is cut."""
    shown, clock, line = lines(width)
    measured(shown, clock)
    shown.warming("a contender with quite a long label", POINT)
    head = line().partition("measure:")[0]
    assert cell_len(head) < 0.85 * width
    assert "6/8  1:00, about 0:30 left" in head


def test_a_long_step_has_a_spinner_with_its_seconds() -> None:
    """Before its name, which may be cut; a short step has none."""
    shown, clock, line = lines(ascii_only=True)
    shown.starting("measure", "torch")
    assert line().endswith("  measure: starting torch")
    clock.now_s += 12
    first = line()
    clock.now_s += 1
    assert first.endswith(" 12 s measure: starting torch")
    assert line().endswith(" 13 s measure: starting torch")
    assert first.split()[-6] != line().split()[-6]


def test_nothing_that_is_unknown_is_shown() -> None:
    """No bar and no remaining time before the work is known."""
    _, _, line = lines()
    assert line() == "0:00  reading the model"


def test_the_count_never_exceeds_what_there_is() -> None:
    """Rounds that are repeated make more of them."""
    shown, clock, line = lines()
    measured(shown, clock, rounds=11)
    assert "11/11" in line()


def test_a_ticker_calls_in_slow_steps_only() -> None:
    """Where a worker is timed its thread sleeps."""
    ticked = threading.Event()
    ticker = Ticker(ticked.set, first_s=0.01, period_s=0.01)
    ticker.step(slow=False)
    assert not ticked.wait(0.05)
    ticker.step(slow=True)
    assert ticked.wait(WAIT_S)
    ticker.step(slow=False)
    ticked.clear()
    assert not ticked.wait(0.05)
    ticker.close()
    assert not any(thread.name == "progress" for thread in threading.enumerate())


def test_a_terminal_shows_the_line_and_keeps_notes() -> None:
    """The line is gone when the run has ended."""
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=80, color_system=None)
    with Terminal(console, verbose=False) as terminal:
        terminal.starting("measure", "torch")
        terminal.note("memory", "[torch] is large")
    shown = file.getvalue()
    assert "0:00  measure: starting torch" in shown
    assert "memory: [torch] is large" in shown


def test_a_log_file_gets_notes_only() -> None:
    """No line that is drawn again and again."""
    file = io.StringIO()
    with Terminal(Console(file=file), verbose=False) as terminal:
        terminal.starting("measure", "torch")
        terminal.note("memory", "much")
    assert file.getvalue() == "memory: much\n"


def test_events_are_lines_of_json() -> None:
    """With the name of the event, the time, and what belongs to it."""
    file, clock = io.StringIO(), Clock()
    events = JsonLines(file, clock)
    run = ic.load(EXAMPLE).run
    events.preparing("cnn")
    events.resolved(run.header)
    clock.now_s += 1.5
    events.waiting("hog", remaining_s=3.0)
    events.probed("torch", POINT, Failed(error="E", reason="no", phase="load"))
    events.round_done(Round(), remaining_s=3.0)  # type: ignore[arg-type]
    events.finished(run)
    told = [json.loads(line) for line in file.getvalue().splitlines()]
    assert [one["event"] for one in told] == ["preparing", "resolved", "waiting", "probed", "round_done", "finished"]
    assert told[1]["contenders"] == list(run.labels)
    assert told[3] == {
        "event": "probed",
        "elapsed_s": 1.5,
        "contender": "torch",
        "batch": 8,
        "axes": {},
        "outcome": "failed",
        "latency_s": None,
    }
    assert told[4]["remaining_s"] == 3.0
    assert (told[5]["state"], told[5]["reason"]) == ("complete", "")


def test_every_event_has_a_line_of_json_and_reaches_an_observer() -> None:
    """One that is added is passed on, too."""
    events = [name for name in vars(ic.Observer) if not name.startswith("_")]
    assert len(events) >= 12
    assert all(name in vars(JsonLines) for name in events)
    hears = ic.Observer()
    told = PluginEvents(Plugins.discover(block=["*", "torch", "tensorflow"]), hears)
    for name in set(events) - {"resolved", "finished"}:
        assert getattr(told, name) == getattr(hears, name)
