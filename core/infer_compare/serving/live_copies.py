"""Workers that answer batches; the batcher sleeps while it waits for them."""

from __future__ import annotations

import select
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from infer_compare.errors import WorkerError
from infer_compare.serving.batcher import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.serving.copy import ServingCopy
    from infer_compare.timing.clock import Clock

SPIN_NS = 200_000
"""How long before a scheduled moment sleeping gives way to polling the clock: sleeps end some 100 us late."""
LOOK_S = 1.0
"""How often deadlines are checked."""


class LiveCopies(ABC):
    """Workers that each answer one batch at a time. A worker that dies loses its batch and is started again by `restart`."""

    def __init__(self, copies: Sequence[ServingCopy], clock: Clock, sleep: Callable[[float], None]) -> None:
        """Starts nothing.

        Args:
            copies: the workers.
            clock: returns the time in nanoseconds, by the machine's monotonic clock.
            sleep: waits for some seconds of that clock.
        """
        self.clock = clock
        self.sleep = sleep
        self._copies = copies
        self._free = set(range(len(copies)))
        self._broken: dict[int, WorkerError] = {}
        """Copies that turned out to be dead when they were given a batch."""

    @abstractmethod
    def restart(self, place: int, death: WorkerError) -> None:
        """Start a copy again that died.

        Raises:
            WorkerError: it does not start, or may not be started again.
        """

    def hand_over(self, copy: int, first: int, count: int) -> None:
        """Give `count` requests, beginning with number `first`, to a free copy; their rows are copied."""
        self._free.discard(copy)
        try:
            self._copies[copy].post(first, count)
        except WorkerError as error:
            self._broken[copy] = error

    def wait(self, until_ns: int | None) -> Sequence[Answer]:
        """Return answers as soon as there are any, or none at `until_ns`; with None wait for an answer without limit.

        This thread sleeps while it waits; only in the last 200 us before `until_ns` does it poll the clock.

        Raises:
            WorkerError: a copy died that had been restarted before.
        """
        now = {place: self._lost(place, error) for place, error in self._broken.items()}
        self._broken.clear()
        if now:
            return tuple(now.values())
        clients = {place: self._copies[place].client for place in range(len(self._copies)) if place not in self._free}
        ready = [place for place, client in clients.items() if not client.waits_on]
        while True:
            answers = [answer for place in ready if (answer := self._look(place)) is not None]
            if answers:
                return answers
            left_ns = None if until_ns is None else until_ns - self.clock()
            if left_ns is not None and left_ns <= 0:
                return ()
            seconds = LOOK_S if left_ns is None else min(LOOK_S, max(0, left_ns - SPIN_NS) / 1e9)
            owners = {descriptor: place for place, client in clients.items() for descriptor in client.waits_on}
            if owners:
                readable, _, _ = select.select(owners, (), (), seconds)
                ready = list(dict.fromkeys(owners[descriptor] for descriptor in readable))
                if not ready and seconds == LOOK_S:
                    ready = list(clients)
            elif seconds:
                self.sleep(seconds)

    def _look(self, place: int) -> Answer | None:
        """Return the answer of a copy; None if it has not arrived yet."""
        try:
            if not self._copies[place].look():
                return None
        except WorkerError as error:
            return self._lost(place, error)
        self._free.add(place)
        return Answer(place, self.clock())

    def _lost(self, place: int, death: WorkerError) -> Answer:
        """Restart a copy that died, and return the loss of its batch as an answer."""
        lost_ns = self.clock()
        self.restart(place, death)
        self._free.add(place)
        return Answer(place, lost_ns, lost=True)
