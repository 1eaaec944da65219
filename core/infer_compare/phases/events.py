"""What an observer hears of a run while it works."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infer_compare.interfaces import OperatingPoint
    from infer_compare.results import AnyOutcome, Header, Limit, Round, Run


class Observer:
    """Hears what a run does, as it does it.

    This one does nothing; a subclass overrides what it wants to hear. Its methods are called in the process that runs the
    sweep, never while a worker is timed. They should take milliseconds at most; what they raise ends the run.
    """

    def preparing(self, model: str) -> None:
        """The model is read, and exported to the frameworks that need it; that can take minutes."""

    def resolved(self, header: Header) -> None:
        """The run is about to begin."""

    def waiting(self, busy: str, *, remaining_s: float) -> None:
        """Other programs use the machine; the run waits for their end so long at most."""

    def starting(self, phase: str, label: str) -> None:
        """A worker is being started."""

    def probing(self, label: str, point: OperatingPoint) -> None:
        """A contender is being tried at an operating point."""

    def probed(self, label: str, point: OperatingPoint, outcome: AnyOutcome) -> None:
        """The outcome of that."""

    def found_limit(self, limit: Limit) -> None:
        """The search for a contender's memory boundary has ended."""

    def measuring(self, restart: int, restarts: int, points: int) -> None:
        """A restart begins, with so many operating points left to measure."""

    def warming(self, label: str, point: OperatingPoint) -> None:
        """A contender runs at an operating point before it is timed there; it may compile first."""

    def timing(self, point: OperatingPoint) -> None:
        """The contenders are about to be timed at an operating point. Until `round_done` nothing else may run."""

    def round_done(self, done: Round, *, remaining_s: float) -> None:
        """A round was stored; about so much time is left."""

    def note(self, topic: str, text: str) -> None:
        """Something a person should know now."""

    def finished(self, run: Run) -> None:
        """The run has ended."""
