"""The observer interface through which a run reports its progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infer_compare.interfaces import OperatingPoint
    from infer_compare.results import AnyOutcome, Header, Limit, Round, Run


class Observer:
    """Is notified of the progress of a run.

    The methods of this class do nothing; a subclass overrides those that it needs. They are called in the process that runs the
    sweep, never while a worker is timed. They should take milliseconds at most; exceptions that they raise end the run.
    """

    def preparing(self, model: str) -> None:
        """Called before the model is read and exported to the frameworks that need it, which can take minutes."""

    def resolved(self, header: Header) -> None:
        """Called when the run is about to begin."""

    def waiting(self, busy: str, *, remaining_s: float) -> None:
        """Called while other programs use the machine and the run waits for them, for `remaining_s` at most."""

    def starting(self, phase: str, label: str) -> None:
        """Called before a worker is started."""

    def probing(self, label: str, point: OperatingPoint) -> None:
        """Called before a contender is tried at an operating point."""

    def probed(self, label: str, point: OperatingPoint, outcome: AnyOutcome) -> None:
        """Called with the outcome of a trial."""

    def found_limit(self, limit: Limit) -> None:
        """Called when the search for a contender's memory limit has ended."""

    def measuring(self, restart: int, restarts: int, points: int) -> None:
        """Called when a restart begins, with the number of operating points left to measure."""

    def warming(self, label: str, point: OperatingPoint) -> None:
        """Called before a contender warms up at an operating point, where it may compile first."""

    def timing(self, point: OperatingPoint) -> None:
        """Called when the contenders are about to be timed at an operating point. Until `round_done` nothing else may run."""

    def round_done(self, done: Round, *, remaining_s: float) -> None:
        """Called when a round was stored, with the estimated remaining time."""

    def note(self, topic: str, text: str) -> None:
        """Called with a message that the user should see now."""

    def finished(self, run: Run) -> None:
        """Called when the run has ended."""
