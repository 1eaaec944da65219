"""What a fleet says of itself while it runs, for those who watch."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infer_compare.fleet.schedule import JobState, Schedule


class FleetObserver:
    """Hears what happens; the base class ignores it."""

    def began(self, schedule: Schedule) -> None:
        """Hear that the fleet begins, with its jobs."""

    def started(self, job: JobState) -> None:
        """Hear that a job was sent to a machine."""

    def said(self, job: JobState) -> None:
        """Hear that the run of a job said something."""

    def ended(self, job: JobState, state: str) -> None:
        """Hear how an attempt ended; a job that is tried again waits."""

    def stopping(self) -> None:
        """Hear that all jobs were asked to stop."""
