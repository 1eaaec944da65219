"""Where the time of a run goes: what an observer saw, put together with what the run stored."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

from infer_compare.engine.events import Observer

if TYPE_CHECKING:
    from infer_compare.interfaces import OperatingPoint
    from infer_compare.results import AnyOutcome, Header, Round, Run

PARTS = (
    "preparing",
    "explorers' starts",
    "exploring",
    "comparing outputs",
    "workers' starts",
    "warm-ups",
    "timed calls",
    "dropped calls",
    "gaps between slices",
    "workers' ends, looks",
)


class Watch(Observer):
    """Notes when the phases of a run begin."""

    def __init__(self) -> None:
        """Starts the clock."""
        self.began_s = time.perf_counter()
        self._part = "preparing"
        self._since = self.began_s
        self.spent_s = dict.fromkeys(PARTS, 0.0)
        self.starting_s: list[float] = []
        """When the first worker of each restart began to start."""
        self.ended_s: list[float] = []
        """When the last round of each restart was stored."""

    def _enter(self, part: str) -> None:
        now = time.perf_counter()
        if self._part in self.spent_s:
            self.spent_s[self._part] += now - self._since
        self._part, self._since = part, now

    def resolved(self, header: Header) -> None:  # noqa: ARG002 - as the class promises
        """Exploring begins."""
        self._enter("exploring")

    def starting(self, phase: str, label: str) -> None:  # noqa: ARG002
        """A worker starts: to explore, to be asked as the reference, or for a restart."""
        if phase == "explore":
            self._enter("explorers' starts")
        elif phase == "measure" and self._part != "starts":
            self._enter("starts")
            self.starting_s.append(self._since)
            self.ended_s.append(self._since)

    def probing(self, label: str, point: OperatingPoint) -> None:  # noqa: ARG002
        """A size is tried."""
        self._enter("exploring")

    def probed(self, label: str, point: OperatingPoint, outcome: AnyOutcome) -> None:  # noqa: ARG002
        """What follows the last of these is comparing outputs."""
        self._enter("comparing outputs")

    def round_done(self, one: Round, *, remaining_s: float) -> None:  # noqa: ARG002
        """A round was stored."""
        self._part = "rounds"
        self.ended_s[-1] = time.perf_counter()

    def split(self, run: Run) -> dict[str, float]:
        """Return the seconds of each part, which together are all that passed since the start.

        Args:
            run: as it ended.
        """
        total_s = time.perf_counter() - self.began_s
        spent = dict(self.spent_s)
        restarts: dict[int, list[Round]] = {}
        for one in run.rounds:
            restarts.setdefault(one.restart, []).append(one)
        for rounds, starting_s, ended_s in zip(restarts.values(), self.starting_s, self.ended_s, strict=True):
            warm_s = [sum(w.prepare_ns + w.total_ns for w in one.warm_ups) / 1e9 for one in rounds]
            timed_s = sum(sum(piece.durations_ns) for one in rounds for piece in one.slices) / 1e9
            dropped_s = (
                sum(
                    piece.discarded * median(piece.durations_ns) / piece.calls_per_stamp
                    for one in rounds
                    for piece in one.slices
                )
                / 1e9
            )
            first = rounds[0].slices[0]
            lead_s = first.discarded * median(first.durations_ns) / first.calls_per_stamp / 1e9
            start_s = first.started_ns / 1e9 - lead_s - warm_s[0] - starting_s
            spent["workers' starts"] += start_s
            spent["warm-ups"] += sum(warm_s)
            spent["timed calls"] += timed_s
            spent["dropped calls"] += dropped_s
            spent["gaps between slices"] += ended_s - starting_s - start_s - sum(warm_s) - timed_s - dropped_s
        spent["workers' ends, looks"] = total_s - sum(spent.values())
        return spent
