"""Where the time of a run goes: what an observer saw, put together with what is in the rounds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from infer_compare.phases.events import Observer

if TYPE_CHECKING:
    from infer_compare.interfaces import OperatingPoint
    from infer_compare.results import AnyOutcome, Header, Round, Slice

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


@dataclass
class Workers:
    """Workers that were started together, and the rounds that they made."""

    starting_s: float
    ended_s: float
    """When the last of the rounds was stored."""
    rounds: list[Round] = field(default_factory=list)

    def split(self) -> dict[str, float]:
        """Return the seconds of each part, from the start of the workers to their last round."""
        first = self.rounds[0]
        warm_s = [sum(warm.prepare_ns + warm.total_ns for warm in one.warm_ups) / 1e9 for one in self.rounds]
        slices = [piece for one in self.rounds for piece in one.slices]
        lead_s = _dropped_s(first.slices[0])
        spent = {
            "workers' starts": first.slices[0].started_ns / 1e9 - lead_s - warm_s[0] - self.starting_s,
            "warm-ups": sum(warm_s),
            "timed calls": sum(sum(piece.durations_ns) for piece in slices) / 1e9,
            "dropped calls": sum(map(_dropped_s, slices)),
        }
        return spent | {"gaps between slices": self.ended_s - self.starting_s - sum(spent.values())}


def _dropped_s(piece: Slice) -> float:
    """What the calls before the first stamp of a slice took, if they took as long as the others."""
    return piece.discarded * median(piece.durations_ns) / piece.calls_per_stamp / 1e9


class Watch(Observer):
    """Notes when the phases of a run begin."""

    def __init__(self) -> None:
        """Starts the clock."""
        self._began_s = time.perf_counter()
        self._part = "preparing"
        self._since = self._began_s
        self._spent_s = dict.fromkeys(PARTS, 0.0)
        self._workers: list[Workers] = []

    def _enter(self, part: str) -> None:
        now = time.perf_counter()
        if self._part in self._spent_s:
            self._spent_s[self._part] += now - self._since
        self._part, self._since = part, now

    def resolved(self, header: Header) -> None:  # noqa: ARG002 - as the class promises
        """Exploring begins."""
        self._enter("exploring")

    def starting(self, phase: str, label: str) -> None:  # noqa: ARG002
        """A worker starts: to explore, to be asked as the reference, or for a restart."""
        if phase == "explore":
            self._enter("explorers' starts")
        elif phase == "measure" and self._part != "starts":
            self._enter_starts()

    def measuring(self, restart: int, planned: int, points: int) -> None:  # noqa: ARG002
        """The workers of a restart start, unless they were started with those of the one before."""
        self._enter_starts()

    def _enter_starts(self) -> None:
        self._enter("starts")
        self._workers.append(Workers(self._since, self._since))

    def probing(self, label: str, point: OperatingPoint) -> None:  # noqa: ARG002
        """A size is tried."""
        self._enter("exploring")

    def probed(self, label: str, point: OperatingPoint, outcome: AnyOutcome) -> None:  # noqa: ARG002
        """What follows the last of these is comparing outputs."""
        self._enter("comparing outputs")

    def round_done(self, one: Round, *, remaining_s: float) -> None:  # noqa: ARG002
        """A round was stored."""
        self._part = "rounds"
        self._workers[-1].rounds.append(one)
        self._workers[-1].ended_s = time.perf_counter()

    def split(self) -> dict[str, float]:
        """Return the seconds of each part, which together are all that passed since the start."""
        total_s = time.perf_counter() - self._began_s
        spent = dict(self._spent_s)
        for workers in self._workers:
            if workers.rounds:
                for part, seconds in workers.split().items():
                    spent[part] += seconds
        return spent | {PARTS[-1]: total_s - sum(spent.values())}
