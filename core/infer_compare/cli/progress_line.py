"""The progress line of a run: the bar first, the current step last, so that a narrow terminal cuts the step."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from infer_compare.foreign import one_line
from infer_compare.phases.events import Observer

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.results import AnyOutcome, Header, Limit, Round, Run

SLOW_S = 2.0
"""Seconds after which a step shows how long it has lasted."""
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
SPINNER_ASCII = "|/-\\"
BAR_WIDTHS = ((100, 24), (70, 16), (0, 10))
"""Width of the bar by the least width of the line, in columns."""


class ProgressLine(Observer):
    """An observer that makes the progress line of a run. Subclasses override `changed` to show it."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Start the clock.

        Args:
            now: monotonic seconds.
        """
        self._now = now
        self._began = self._step_began = now()
        self._step = "reading the model"
        self._done = 0
        self._most: int | None = None
        """The most that there is to do, in the unit of `_done`; None if unknown."""
        self._unit = ""
        self._ends_at: float | None = None
        self._rounds_per_restart = 1

    def changed(self, *, slow: bool) -> None:
        """Show the line again.

        Args:
            slow: whether the step may take long and times nothing that is ranked; only then may the line be redrawn during
                the step. In any other step nothing may run beside the worker.
        """

    def line(self, width: int, *, ascii_only: bool = False) -> str:
        """Return the current line.

        Args:
            width: available columns; a longer line is cut at its end by the terminal.
            ascii_only: use only ASCII characters.
        """
        now = self._now()
        parts = []
        if self._most:
            parts.append(f"{_bar(self._done / self._most, width, ascii_only=ascii_only)} {self._done}/{self._most}")
        elif self._done:
            parts.append(f"{self._done} {self._unit}")
        left = "" if self._ends_at is None else f", about {clock(max(0.0, self._ends_at - now))} left"
        parts.append(f"{clock(now - self._began)}{left}")
        lasted = now - self._step_began
        frames = SPINNER_ASCII if ascii_only else SPINNER
        spinner = f"{frames[int(lasted) % len(frames)]} {lasted:.0f} s " if lasted >= SLOW_S else ""
        parts.append(f"{spinner}{self._step}")
        return "  ".join(parts)

    def _begin(self, step: str, *, slow: bool = False) -> None:
        self._step = one_line(step)
        self._step_began = self._now()
        self.changed(slow=slow)

    def waiting(self, busy: str, *, remaining_s: float) -> None:
        """Show what the run is waiting for."""
        self._step = one_line(f"waiting up to {clock(remaining_s)} for a quiet machine: {busy}")
        self.changed(slow=True)

    def preparing(self, model: str) -> None:
        """Show that the model is read and exported."""
        self._begin(f"preparing {model}: reading, exporting", slow=True)

    def resolved(self, header: Header) -> None:
        """Start counting trial calls."""
        self._rounds_per_restart = header.plan.rounds_per_restart
        points = header.points
        self._count("tried", None if points is None else len(points) * len(header.contenders))
        self._begin("exploring")

    def starting(self, phase: str, label: str) -> None:
        """Show which contender's worker starts."""
        self._begin(f"{phase}: starting {label}", slow=True)

    def probing(self, label: str, point: OperatingPoint) -> None:
        """Show which batch size is tried; the call may compile first."""
        self._begin(f"explore: {label} at {point}", slow=True)

    def probed(self, label: str, point: OperatingPoint, outcome: AnyOutcome) -> None:  # noqa: ARG002 - overridden
        """Count the trial call."""
        self._done += 1
        self._most = None if self._most is None else max(self._most, self._done)

    def found_limit(self, limit: Limit) -> None:
        """Show that the search of a contender has ended."""
        self._begin(f"limit: {limit.contender} is known")

    def measuring(self, restart: int, restarts: int, points: int) -> None:
        """Start counting rounds."""
        if self._unit != "rounds":
            self._count("rounds", None)
        self._most = self._done + (restarts - restart + 1) * points * self._rounds_per_restart
        self._begin(f"measure: restart {restart} of at most {restarts}, {points} batch sizes")

    def warming(self, label: str, point: OperatingPoint) -> None:
        """Show which contender is warmed up; this may compile."""
        self._begin(f"measure: warming up {label} at {point}", slow=True)

    def timing(self, point: OperatingPoint) -> None:
        """Show which point is timed; nothing is redrawn until it is done."""
        self._begin(f"measure: timing {point}")

    def round_done(self, round_: Round, *, remaining_s: float) -> None:
        """Count the round, and store the remaining time."""
        self._done += 1
        self._most = None if self._most is None else max(self._most, self._done)
        self._ends_at = self._now() + remaining_s if remaining_s > 0 else None
        state = "" if round_.clean else " (disturbed, to be repeated)"
        self._begin(f"measure: {round_.point} timed{state}")

    def finished(self, run: Run) -> None:
        """Show that the run has ended."""
        self._ends_at = None
        self._begin(run.closing.state if run.closing is not None else "ended")

    def _count(self, unit: str, most: int | None) -> None:
        self._unit, self._done, self._most = unit, 0, most


def clock(seconds: float) -> str:
    """Return a duration such as `0:42` or `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _bar(share: float, width: int, *, ascii_only: bool) -> str:
    cells = next(cells for least, cells in BAR_WIDTHS if width >= least)
    full = min(cells, int(share * cells))
    done, left = ("#", "-") if ascii_only else ("━", "╌")
    return f"{done * full}{left * (cells - full)}"
