"""Starting workers ahead of their turns, which import their frameworks in parallel and then wait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from infer_compare.environment import memory
from infer_compare.environment.threads import usable_cores
from infer_compare.phases.contender_exploration import peaks
from infer_compare.phases.rank_plan import TOGETHER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.phases.context import RunContext
    from infer_compare.phases.restart_workers import RestartWorkers

IDLE_BYTES = 512 * memory.MIB
"""The most memory of a worker with its framework imported and no model; 0.1 to 0.35 GiB were seen."""
ROOM = 0.1
"""Waiting workers may hold at most this share of the memory: what a contender can run must not depend on them."""
WAIT_S = 0.01
"""How long to wait for a worker before looking at the next one."""


class Starter(Protocol):
    """Starts the worker of a contender, or those of all its instances; for example a `Probes`."""

    @property
    def instances(self) -> int:
        """How many workers start at once."""

    def begin(self, *, beside: int) -> None:
        """Start the workers, while `beside` workers of other contenders start too; failures are reported at their turn."""

    def opened(self, seconds: float) -> bool:
        """Wait up to `seconds`; return whether the workers have imported their framework and are suspended, or have failed."""


@dataclass(frozen=True, slots=True)
class WaitingWorker:
    """The worker of a contender in a later set of workers; a `Starter`."""

    workers: RestartWorkers
    label: str

    @property
    def instances(self) -> int:
        """How many workers the contender has."""
        return self.workers.instances(self.label)

    def begin(self, *, beside: int) -> None:
        """Start the worker; see `Starter.begin`."""
        self.workers.begin(self.label, beside=beside)

    def opened(self, seconds: float) -> bool:
        """Return whether the worker is ready or lost; see `Starter.opened`."""
        return self.workers.opened(self.label, seconds)


def begin_ahead(starters: Sequence[Starter], *, cores: int | None = None, room: int | None = None) -> None:
    """Start workers, and suspend each when it has imported its framework.

    No more start at a time than there are cores: each import has a core to itself, so its duration is what a user would see. If
    memory is short, none is started ahead. Failures are reported when a worker's turn comes.

    Args:
        starters: in the order of their turns, without workers yet.
        cores: how many import at a time; by default the cores of the machine.
        room: bytes that all workers together may hold; by default a share of the machine's memory.
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


def begin_workers_ahead(context: RunContext, sets: Sequence[RestartWorkers]) -> None:
    """Start sets of workers ahead of their turns, if there is memory for them besides that of the set that needs most.

    Only workers on the CPU are started: on import, a framework may take an accelerator for itself.

    Args:
        context: of the run.
        sets: in the order of their turns, without workers yet.
    """
    starters = [
        WaitingWorker(workers, label)
        for workers in sets
        for label in context.order.shuffled(list(workers.labels))
        if context.routes[label].contender.spec.device == "cpu"
    ]
    peak = peaks(context.run)
    most = max((sum(peak.get(label, 0) for label in workers.contenders) for workers in sets), default=0)
    begin_ahead(starters, room=memory.limit().share(TOGETHER) - most)
