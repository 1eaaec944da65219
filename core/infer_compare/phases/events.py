"""What an observer hears of a run while it works."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infer_compare.interfaces import OperatingPoint
    from infer_compare.results import AnyOutcome, Header, Limit, Round, Run


class Observer:
    """Hears what happens, in the parent and outside every timed region, so it must be quick.

    This one says nothing; subclasses override what they want to hear.
    """

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

    def round_done(self, done: Round, *, remaining_s: float) -> None:
        """A round was stored; about so much time is left."""

    def note(self, topic: str, text: str) -> None:
        """Something a person should know now."""

    def finished(self, run: Run) -> None:
        """The run has ended."""
