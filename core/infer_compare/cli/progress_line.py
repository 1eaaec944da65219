"""The line that says how far a run is: the bar first, the current step last, where a narrow terminal cuts it."""

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
"""A step that lasts longer shows its seconds."""
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
SPINNER_ASCII = "|/-\\"
BAR_WIDTHS = ((100, 24), (70, 16), (0, 10))
"""Columns of the bar, from so many columns of the line on."""


class ProgressLine(Observer):
    """Follows a run; `line` says how far it is. Whoever shows it overrides `changed`."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Begin to count the time.

        Args:
            now: monotonic seconds.
        """
        self._now = now
        self._began = self._step_began = now()
        self._step = "reading the model"
        self._done = 0
        self._most: int | None = None
        """How much there is to do at most, in what `_done` counts; None where that is not known."""
        self._unit = ""
        self._ends_at: float | None = None
        self._rounds_per_restart = 1

    def changed(self, *, slow: bool) -> None:
        """Show the line anew.

        Args:
            slow: whether the step may take long, and times nothing that is ranked: then the line may be shown again
                meanwhile. In any other step nothing may run beside the worker.
        """

    def line(self, width: int, *, ascii_only: bool = False) -> str:
        """Return the line as it is now.

        Args:
            width: columns that there are; the line may be longer, and is then cut at its end.
            ascii_only: use no other characters.
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
        """Say what is waited for."""
        self._step = one_line(f"waiting up to {clock(remaining_s)} for a quiet machine: {busy}")
        self.changed(slow=True)

    def preparing(self, model: str) -> None:
        """Say that the model is read and exported."""
        self._begin(f"preparing {model}: reading, exporting", slow=True)

    def resolved(self, header: Header) -> None:
        """Count what is to be tried."""
        self._rounds_per_restart = header.plan.rounds_per_restart
        points = header.points
        self._count("tried", None if points is None else len(points) * len(header.contenders))
        self._begin("exploring")

    def starting(self, phase: str, label: str) -> None:
        """Say whose worker starts."""
        self._begin(f"{phase}: starting {label}", slow=True)

    def probing(self, label: str, point: OperatingPoint) -> None:
        """Say what is tried: it may compile first."""
        self._begin(f"explore: {label} at {point}", slow=True)

    def probed(self, label: str, point: OperatingPoint, outcome: AnyOutcome) -> None:  # noqa: ARG002 - overridden
        """Count it."""
        self._done += 1
        self._most = None if self._most is None else max(self._most, self._done)

    def found_limit(self, limit: Limit) -> None:
        """Go on with the next."""
        self._begin(f"limit: {limit.contender} is known")

    def measuring(self, restart: int, restarts: int, points: int) -> None:
        """Count rounds from now on."""
        if self._unit != "rounds":
            self._count("rounds", None)
        self._most = self._done + (restarts - restart + 1) * points * self._rounds_per_restart
        self._begin(f"measure: restart {restart} of at most {restarts}, {points} batch sizes")

    def warming(self, label: str, point: OperatingPoint) -> None:
        """Say what is run before it is timed: it may compile."""
        self._begin(f"measure: warming up {label} at {point}", slow=True)

    def timing(self, point: OperatingPoint) -> None:
        """Say what is timed; nothing is shown again until it is over."""
        self._begin(f"measure: timing {point}")

    def round_done(self, one: Round, *, remaining_s: float) -> None:
        """Count it, and keep how much time is left."""
        self._done += 1
        self._most = None if self._most is None else max(self._most, self._done)
        self._ends_at = self._now() + remaining_s if remaining_s > 0 else None
        state = "" if one.clean else " (disturbed, to be repeated)"
        self._begin(f"measure: {one.point} timed{state}")

    def finished(self, run: Run) -> None:
        """Say that it has ended."""
        self._ends_at = None
        self._begin(run.closing.state if run.closing is not None else "ended")

    def _count(self, unit: str, most: int | None) -> None:
        self._unit, self._done, self._most = unit, 0, most


def clock(seconds: float) -> str:
    """Return such as `0:42` or `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _bar(share: float, width: int, *, ascii_only: bool) -> str:
    cells = next(cells for least, cells in BAR_WIDTHS if width >= least)
    full = min(cells, int(share * cells))
    done, left = ("#", "-") if ascii_only else ("━", "╌")
    return f"{done * full}{left * (cells - full)}"
