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
"""So many looks in a row must find it quiet once one has found it busy: compilers pause, too."""


class QuietWait:
    """What is left of the time that a run may wait for other programs to end."""

    def __init__(self, seconds: float, threads: int, surroundings: Surroundings, observer: Observer) -> None:
        """Waits for nothing yet.

        Args:
            seconds: how long to wait, all times together.
            threads: the thread budget that needs room.
            surroundings: looks at the machine, and has the clock.
            observer: hears what is waited for.
        """
        self._left_s = seconds
        self._threads = threads
        self._surroundings = surroundings
        self._observer = observer

    @classmethod
    def of(cls, header: Header, surroundings: Surroundings, observer: Observer) -> Self:
        """Return the wait that a run was asked for."""
        return cls(header.options.wait or 0.0, header.largest_budget, surroundings, observer)

    def before_run(self) -> None:
        """Wait before anything is measured, where that was asked for; a machine that stays busy is measured anyway."""
        if self._left_s > 0 and not self.has_come():
            self._observer.note("machine", "still busy at the end of --wait; measured anyway")

    def has_come(self) -> bool:
        """Return whether the machine has become quiet before the time was over; False where no time is left."""
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
