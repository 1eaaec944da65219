"""Workers that are begun ahead of their turns: their frameworks are imported side by side, and nothing is run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from infer_compare.environment import memory
from infer_compare.environment.threads import usable_cores

if TYPE_CHECKING:
    from collections.abc import Sequence

IDLE_BYTES = 512 * memory.MIB
"""What a worker holds with its framework imported and no model, at most: 0.1 to 0.35 GiB were seen."""
ROOM = 0.1
"""Workers are begun ahead only while they hold less than this share of the memory there is: what a contender can run must not
depend on those that wait."""
WAIT_S = 0.01
"""How long one worker is waited for before the next one is looked at."""


class Starter(Protocol):
    """Who begins the worker of a contender, or those of its instances, such as a `Probes`."""

    @property
    def instances(self) -> int:
        """How many workers start at once."""

    def begin(self, *, beside: int) -> None:
        """Start them beside so many of other contenders; a failure is reported when its turn comes."""

    def opened(self, seconds: float) -> bool:
        """Return whether it has imported its framework and is suspended, or will never do so, after that time at most."""


def begin_ahead(starters: Sequence[Starter], *, cores: int | None = None, room: int | None = None) -> None:
    """Start workers, and suspend each when it has imported its framework.

    No more start at a time than there are cores: each import has a core to itself, and the time that it takes is what a
    user would see. Where memory is short, none is started ahead. Failures are reported when a worker's turn comes.

    Args:
        starters: in the order of their turns; none has a worker.
        cores: how many import at a time; by default those of the machine.
        room: bytes that all of them together may hold; by default a share of the memory there is.
    """
    cores = usable_cores() if cores is None else cores
    room = memory.limit().share(ROOM) if room is None else room
    workers = sum(starter.instances for starter in starters)
    if min(cores, len(starters)) < 2 or workers * IDLE_BYTES > room:
        return
    waiting = list(starters)
    starting: list[Starter] = []
    while waiting or starting:
        while waiting and sum(starter.instances for starter in starting) < cores:
            starter = waiting.pop(0)
            starter.begin(beside=max(0, min(cores, workers) - starter.instances))
            starting.append(starter)
        starting = [worker for worker in starting if not worker.opened(WAIT_S)]
