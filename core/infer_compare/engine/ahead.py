"""Workers that explore, begun ahead of their turns: their frameworks are imported side by side, and nothing is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.environment import memory
from infer_compare.environment.threads import usable_cores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.engine.probe import Prober

IDLE_BYTES = 512 * memory.MIB
"""What a worker holds with its framework imported and no model, at most: 0.1 to 0.35 GiB were seen."""
ROOM = 0.1
"""Workers are begun ahead only while they hold less than this share of the memory there is: what a contender can run must not
depend on those that wait."""
WAIT_S = 0.01
"""How long one worker is waited for before the next one is looked at."""


def begin_ahead(probers: Sequence[Prober], *, cores: int | None = None, room: int | None = None) -> None:
    """Start the workers of contenders that will explore, and suspend each when it has imported its framework.

    As many at a time as there are cores, so that each has one to itself and what importing takes is what it takes. Where
    memory is short none is started: each then starts when its turn comes. What cannot be started is told then too.

    Args:
        probers: in the order of their turns; none has a worker.
        cores: how many import at a time; by default those of the machine.
        room: bytes that all of them together may hold; by default a share of the memory there is.
    """
    cores = usable_cores() if cores is None else cores
    room = memory.limit().share(ROOM) if room is None else room
    if min(cores, len(probers)) < 2 or len(probers) * IDLE_BYTES > room:
        return
    waiting = list(probers)
    starting: list[Prober] = []
    while waiting or starting:
        while waiting and len(starting) < cores:
            prober = waiting.pop(0)
            prober.begin(beside=min(cores, len(probers)) - 1)
            starting.append(prober)
        starting = [one for one in starting if not one.opened(WAIT_S)]
