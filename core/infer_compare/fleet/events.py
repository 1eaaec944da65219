"""The observer interface through which a running fleet reports its progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infer_compare.fleet.schedule import JobState, Schedule


class FleetObserver:
    """Is notified of the progress of a fleet; the methods of this base class do nothing."""

    def began(self, schedule: Schedule) -> None:
        """Called when the fleet begins, with its jobs."""

    def started(self, job: JobState) -> None:
        """Called when a job has been sent to a machine."""

    def said(self, job: JobState) -> None:
        """Called when the run of a job has reported a new step; `job.says` describes it."""

    def ended(self, job: JobState, state: str) -> None:
        """Called when an attempt has ended; a job that will be tried again is waiting."""

    def stopping(self) -> None:
        """Called when all jobs have been asked to stop."""
