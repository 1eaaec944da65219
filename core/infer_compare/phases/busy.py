"""Detection of a busy machine early in a run, and descriptions of the programs that use it."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Protocol

import msgspec

from infer_compare.environment.gate import crowd
from infer_compare.environment.noise import SLICE_NS, NoiseProbe
from infer_compare.stats.wording import count, listing, percent, significant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.phases.events import Observer
    from infer_compare.results import Round
    from infer_compare.results.slices import Diagnostics, ForeignProcess

BUSY_WAIT_S = 1.0
"""How long to wait before a busy machine is checked again."""
NAMED = 3
"""The most programs that are named."""
FIRST_ROUNDS = 6
"""Number of rounds at the beginning of a run of which at least one must be clean."""


class Gate(Protocol):
    """A function that decides whether a slice counts; see `environment.gate.rejection`."""

    def __call__(self, diagnostics: Diagnostics, *, threads: int, schedstat: bool) -> str | None:
        """Return why a slice is rejected, or None if it counts."""


class HostBusy(Exception):
    """Other programs use the machine, so that nothing could be measured."""


class FirstRounds:
    """Watches the first rounds of a run, to stop it early if the machine is busy."""

    def __init__(
        self, to_come: int, observer: Observer, wait: Callable[[], bool], sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """Begins before the first round.

        Args:
            to_come: the most rounds that the first restart can make.
            observer: notified of a pause.
            wait: waits until the machine is quiet, and returns whether it is.
            sleep: waits for some seconds.
        """
        self._wait = wait
        self._sleep = sleep
        self._most = min(FIRST_ROUNDS, to_come)
        self._observer = observer
        self._spoilt: list[Round] = []
        self._clean = False

    def see(self, done: Round) -> None:
        """Record a round; pause for a moment if the first half of the rounds was disturbed.

        Raises:
            HostBusy: none of the first rounds was clean, and the machine does not become quiet.
        """
        self._clean = self._clean or done.clean
        if self._clean:
            return
        self._spoilt.append(done)
        if len(self._spoilt) == self._most:
            if not self._wait():
                raise HostBusy(culprit(self._spoilt))
            self._spoilt.clear()
            return
        if len(self._spoilt) == self._most // 2:
            self._observer.note("machine", f"{culprit(self._spoilt)}; one more try")
            self._sleep(BUSY_WAIT_S)


def disturbed(explored: Sequence[Diagnostics], gate: Gate, *, threads: int, schedstat: bool) -> str | None:
    """Return why the gate would reject a contender's exploring as a whole; None if it would pass, or was too short.

    Pages read from disk and quotas are ignored: they are normal when sizes are run for the first time.
    """
    if not explored:
        return None
    delays = [probe.run_delay_ns for probe in explored if probe.run_delay_ns is not None]
    foreign = [probe.foreign_ns for probe in explored if probe.foreign_ns is not None]
    whole = msgspec.structs.replace(
        max(explored, key=lambda probe: probe.top.share if probe.top else 0.0),
        wall_ns=sum(probe.wall_ns for probe in explored),
        own_cpu_ns=sum(probe.own_cpu_ns for probe in explored),
        run_delay_ns=sum(delays) if delays else None,
        foreign_ns=sum(foreign) if foreign else None,
        major_faults=0,
        throttled=None,
    )
    return gate(whole, threads=threads, schedstat=schedstat) if whole.wall_ns >= SLICE_NS else None


def look(threads: int, seconds: float = BUSY_WAIT_S) -> Diagnostics | None:
    """Watch the machine while no worker runs; return the counters if other programs leave too few cores, else None.

    Args:
        threads: the thread budget.
        seconds: how long to watch.
    """
    probe = NoiseProbe()
    before = probe.snapshot()
    time.sleep(seconds)
    seen = probe.difference(before, probe.snapshot())
    return seen if crowd(seen, threads) is not None else None


def culprit(rounds: Sequence[Round]) -> str:
    """Return why rounds were disturbed, in words: the total use by other programs, and the busiest of them."""
    spoilt = [piece for round_ in rounds for piece in round_.slices if piece.rejected is not None]
    counted = [piece.diagnostics for piece in spoilt if piece.diagnostics is not None]
    if any(diagnostics.top is not None for diagnostics in counted):
        return described(counted)
    causes = Counter(piece.rejected for piece in spoilt)
    return f"the machine is busy: {causes.most_common(1)[0][0]}" if causes else "no round was clean"


def described(seen: Sequence[Diagnostics]) -> str:
    """Return the processor use of other programs, in words: their total, and the three that use most."""
    known = [
        (counters.foreign_ns, counters.wall_ns)
        for counters in seen
        if counters.foreign_ns is not None and counters.wall_ns > 0
    ]
    wall_ns = sum(wall for _, wall in known)
    total = ""
    if wall_ns:
        cores = sum(foreign for foreign, _ in known) / wall_ns
        total = f"other programs use {significant(cores, 2)} of {count(seen[0].cores, 'core')}"
    shares: dict[int, ForeignProcess] = {}
    for counters in seen:
        for process in (counters.top, *counters.others):
            if process is not None and (process.pid not in shares or process.share > shares[process.pid].share):
                shares[process.pid] = process
    busiest = sorted(shares.values(), key=lambda process: -process.share)[:NAMED]
    named = listing([f"{process.name} (pid {process.pid}) {percent(process.share)}" for process in busiest])
    parts = ": ".join(filter(None, (total, f"{named} of a core" if named else "")))
    return f"the machine is busy: {parts}" if parts else "the machine is busy"
