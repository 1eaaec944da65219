"""Waiting for a quiet machine, as long as `--wait` allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from infer_compare.phases.busy import described

if TYPE_CHECKING:
    from infer_compare.phases.context import Surroundings
    from infer_compare.phases.events import Observer
    from infer_compare.results import Header

PAUSE_S = 1.0
"""Between two looks at the machine, each of which takes a second."""
LOOKS = 2
"""How many looks in a row must find the machine quiet after it was busy: compilers pause too."""


class QuietWait:
    """Waits for other programs to end, with a limit on the total waiting time of a run."""

    def __init__(self, seconds: float, threads: int, surroundings: Surroundings, observer: Observer) -> None:
        """Waits for nothing yet.

        Args:
            seconds: how long to wait in total.
            threads: the thread budget for which cores must be free.
            surroundings: provides the look at the machine and the clock.
            observer: notified of the reason for waiting.
        """
        self._left_s = seconds
        self._threads = threads
        self._surroundings = surroundings
        self._observer = observer

    @classmethod
    def of(cls, header: Header, surroundings: Surroundings, observer: Observer) -> Self:
        """Return the waiting that the options of a run allow."""
        return cls(header.options.wait or 0.0, header.largest_budget, surroundings, observer)

    def before_run(self) -> None:
        """Wait before anything is measured, if `--wait` was given; if the machine stays busy, the run continues anyway."""
        if self._left_s > 0 and not self.has_come():
            self._observer.note("machine", "still busy at the end of --wait; measured anyway")

    def has_come(self) -> bool:
        """Wait until the machine is quiet; return False if the waiting time is used up first."""
        now, sleep = self._surroundings.now, self._surroundings.sleep
        wanted = 1
        while self._left_s > 0:
            began = now()
            seen = self._surroundings.look(self._threads)
            if seen is None:
                wanted -= 1
                if not wanted:
                    return True
            else:
                wanted = LOOKS
                self._observer.waiting(described([seen]), remaining_s=self._left_s)
                sleep(PAUSE_S)
            self._left_s -= now() - began
        return False
