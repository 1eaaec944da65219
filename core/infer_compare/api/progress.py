"""Observers for sweeps in Python: a progress line in notebooks, and cancelling."""

from __future__ import annotations

import importlib
import sys
import time
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

from infer_compare.interruption import Interrupted
from infer_compare.phases.events import Observer

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.results import Header, Round, Run

SECONDS_BETWEEN = 1.0
"""Seconds between two drawings: drawing takes time on the machine that is being measured."""
_EVENTS = tuple(name for name in vars(Observer) if not name.startswith("_"))


def listening(observer: Observer | None, cancel: threading.Event | None) -> Observer:
    """Return the observer of a sweep: the given one, or a progress line in a notebook; it also cancels on request.

    Args:
        observer: the user's observer, if any.
        cancel: ends the sweep at its next step once it is set.
    """
    heard = observer or _notebook_progress() or Observer()
    return heard if cancel is None else Cancelling(heard, cancel)


class Cancelling(Observer):
    """An observer that forwards all events, and interrupts the sweep once `cancel` is set."""

    def __init__(self, observer: Observer, cancel: threading.Event) -> None:
        """Forward to an observer.

        Args:
            observer: receives every event.
            cancel: checked at every event.
        """
        self._cancel = cancel
        for name in _EVENTS:
            setattr(self, name, partial(self._pass_on, getattr(observer, name)))
        # `finished` is the last event, also of an interrupted sweep: it must not interrupt again.
        self.finished = observer.finished  # type: ignore[method-assign]

    def _pass_on(self, hear: Callable[..., None], *what: Any, **more: Any) -> None:  # noqa: ANN401 - any event
        if self._cancel.is_set():
            raise Interrupted("cancelled by the program that ran it")
        hear(*what, **more)


class NotebookProgress(Observer):
    """A bar with elapsed and remaining time, the current step, and notes below."""

    def __init__(self, show: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        """Start the clock; nothing is shown yet.

        Args:
            show: replaces the displayed HTML.
            clock: returns seconds.
        """
        self._show = show
        self._clock = clock
        self._began = clock()
        self._drawn = float("-inf")
        self._remaining_s: float | None = None
        self._step = ""
        self._notes: list[str] = []

    def resolved(self, header: Header) -> None:
        """Show the model and its contenders."""
        labels = ", ".join(contender.label for contender in header.contenders)
        self._draw(f"{header.model.name} on {labels}", now=True)

    def starting(self, phase: str, label: str) -> None:
        """Show which contender's worker starts."""
        self._draw(f"{phase}: starting {label}", now=True)

    def probing(self, label: str, point: OperatingPoint) -> None:
        """Show which batch size is tried."""
        self._draw(f"explore: {label} at {point}")

    def measuring(self, restart: int, restarts: int, points: int) -> None:
        """Show which restart begins."""
        self._draw(f"measure: restart {restart} of at most {restarts}, {points} batch sizes", now=True)

    def round_done(self, round_: Round, *, remaining_s: float) -> None:
        """Show the remaining time."""
        self._remaining_s = remaining_s
        self._draw(f"{round_.phase}: restart {round_.restart}, {round_.point}")

    def note(self, topic: str, text: str) -> None:
        """Keep a note below the bar."""
        self._notes.append(f"{topic}: {text}")
        self._draw(self._step, now=True)

    def finished(self, run: Run) -> None:
        """Keep only the notes; the notebook shows the result itself."""
        del run
        self._show(self._below())

    def _draw(self, step: str, *, now: bool = False) -> None:
        self._step = step
        if not now and self._clock() - self._drawn < SECONDS_BETWEEN:
            return
        self._drawn = self._clock()
        elapsed_s = self._drawn - self._began
        bar, left = "<progress></progress>", ""
        if self._remaining_s is not None:
            done = elapsed_s / max(1e-9, elapsed_s + self._remaining_s)
            bar = f'<progress max="1" value="{done:.3f}"></progress>'
            left = f", about {_time(self._remaining_s)} left"
        self._show(f"<div>{bar} {_time(elapsed_s)}{left} &middot; {escape(step)}{self._below()}</div>")

    def _below(self) -> str:
        return "".join(f"<div><small>{escape(note)}</small></div>" for note in self._notes)


def _notebook_progress() -> NotebookProgress | None:
    """Return a progress line if this process is the kernel of a notebook, else None."""
    if "IPython" not in sys.modules:
        return None
    shell: Any = importlib.import_module("IPython").get_ipython()
    if not hasattr(shell, "kernel"):
        return None
    display: Any = importlib.import_module("IPython.display")
    handle = display.display(display.HTML(""), display_id=True)
    return NotebookProgress(lambda html: handle.update(display.HTML(html)))


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
