"""An index of a run's rounds by candidate: readings of accepted slices, and contrasts of two candidates."""

from __future__ import annotations

from collections import defaultdict
from math import fsum, log
from typing import TYPE_CHECKING, Literal, NamedTuple

from infer_compare.results.slices import busiest
from infer_compare.stats.wording import percent
from infer_compare.verdicts.contrast import Contrast, Groups, PairedRounds, SeparateRounds
from infer_compare.verdicts.evidence import Family
from infer_compare.verdicts.reading import Reading, read, throughput_series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from infer_compare.interfaces.values import OperatingPoint
    from infer_compare.results import Round, Slice

Phase = Literal["measure", "confirm", "sustain"]
BOTH: tuple[Phase, ...] = ("measure", "confirm")
"""Phases whose rounds are compared; the long runs of `sustain` cannot be paired."""


class Candidate(NamedTuple):
    """A contender at an operating point."""

    label: str
    point: OperatingPoint


class Speed(NamedTuple):
    """The speed of a candidate in one clean round."""

    phase: Phase
    restart: int
    ordinal: int
    """Number of the round in the run."""
    log_throughput: float
    """`log(batch) - mean(log m)` over the candidate's slices of the round, m in nanoseconds."""


class Measurements:
    """An index of rounds by candidate, with cached contrasts."""

    def __init__(self, rounds: Iterable[Round], budget_of: Callable[[str], int]) -> None:
        """Reads every slice once.

        Args:
            rounds: in order of time.
            budget_of: returns the thread budget of all instances of a contender, for the allowance.
        """
        self._budget_of = budget_of
        self._contrasts: dict[tuple[Candidate, Candidate, tuple[Phase, ...]], Contrast | None] = {}
        self._families: dict[tuple[str, str, tuple[Phase, ...]], Family] = {}
        self._slices: dict[Candidate, list[tuple[Phase, Slice]]] = defaultdict(list)
        self._phases: dict[Candidate, set[Phase]] = defaultdict(set)
        self._readings: dict[Candidate, list[tuple[Phase, Reading]]] = defaultdict(list)
        self._speeds: dict[Candidate, list[Speed]] = defaultdict(list)
        for ordinal, round_ in enumerate(rounds):
            by_candidate: dict[Candidate, list[Reading]] = defaultdict(list)
            for piece in round_.slices:
                candidate = Candidate(piece.contender, round_.point)
                self._slices[candidate].append((round_.phase, piece))
                self._phases[candidate].add(round_.phase)
                reading = read(piece, round_.restart)
                if reading is not None:
                    self._readings[candidate].append((round_.phase, reading))
                    by_candidate[candidate].append(reading)
            if round_.clean and round_.phase != "sustain":
                for candidate, readings in by_candidate.items():
                    rates = throughput_series(readings)
                    if not rates:
                        # Only the time until `run` returns was measured, which is not a speed.
                        continue
                    values = [log(reading.location) for reading in rates]
                    samples = rates[0].piece.samples or round_.point.batch
                    speed = log(samples) - fsum(values) / len(values)
                    self._speeds[candidate].append(Speed(round_.phase, round_.restart, ordinal, speed))

    def readings(self, candidate: Candidate, phases: Iterable[Phase] = BOTH) -> tuple[Reading, ...]:
        """Return the accepted slices of a candidate, in order of time."""
        wanted = set(phases)
        return tuple(reading for phase, reading in self._readings.get(candidate, ()) if phase in wanted)

    def slices(self, candidate: Candidate, phases: Iterable[Phase] = BOTH) -> tuple[Slice, ...]:
        """Return all slices of a candidate, accepted or rejected, in order of time."""
        wanted = set(phases)
        return tuple(piece for phase, piece in self._slices.get(candidate, ()) if phase in wanted)

    def confirmed(self, candidate: Candidate) -> bool:
        """Return whether a candidate has clean rounds of the confirm phase."""
        return any(speed.phase == "confirm" for speed in self._speeds.get(candidate, ()))

    def contrast(self, a: Candidate, b: Candidate, phases: Iterable[Phase] = ("measure",)) -> Contrast | None:
        """Return the contrast of two candidates by their clean rounds, paired if possible; None if either has none.

        At the same operating point, a pair is a round in which both took part. At different points, it is the k-th clean round of
        each within a restart, as the passes over the points are close together in time. Contenders that were measured in
        separate groups cannot be paired.
        """
        recorded = self._phases.get(a, set()) | self._phases.get(b, set())
        key = (a, b, tuple(phase for phase in phases if phase in recorded))
        if key not in self._contrasts:
            self._contrasts[key] = self._contrast(*key)
        return self._contrasts[key]

    def family(self, a_label: str, b_label: str, phases: Iterable[Phase] = ("measure",)) -> Family:
        """Return the contrasts of two contenders at all operating points at which both have clean rounds."""
        key = (a_label, b_label, tuple(phases))
        if key not in self._families:
            points = sorted({candidate.point for candidate in self._speeds if candidate.label == a_label})
            contrasts = [
                self.contrast(Candidate(a_label, point), Candidate(b_label, point), key[2]) for point in points
            ]
            self._families[key] = Family(tuple(contrast for contrast in contrasts if contrast is not None))
        return self._families[key]

    def culprit(self, a: Candidate, b: Candidate) -> str:
        """Return the foreign process that took most processor time during a rejected slice of either; empty without one."""
        return _culprit([piece for piece in self.slices(a) + self.slices(b) if piece.rejected is not None])

    def _contrast(self, a: Candidate, b: Candidate, phases: tuple[Phase, ...]) -> Contrast | None:
        speeds_a = [speed for speed in self._speeds.get(a, ()) if speed.phase in phases]
        speeds_b = [speed for speed in self._speeds.get(b, ()) if speed.phase in phases]
        if not (speeds_a and speeds_b):
            return None
        both = self.slices(a, phases) + self.slices(b, phases)
        rejected = [piece for piece in both if piece.rejected is not None]
        allowance, share, culprit = self._allowance(both), len(rejected) / len(both), _culprit(rejected)
        same_point = a.point == b.point
        keyed_a, keyed_b = _keyed(speeds_a, by_round=same_point), _keyed(speeds_b, by_round=same_point)
        shared = {key: keyed_a[key] - keyed_b[key] for key in keyed_a if key in keyed_b}
        if shared:
            return PairedRounds(
                groups=_groups(shared),
                numbers=tuple(sorted({restart for restart, _, _ in shared})),
                allowance=allowance,
                rejected=share,
                culprit=culprit,
            )
        return SeparateRounds(
            groups_a=_groups(keyed_a),
            groups_b=_groups(keyed_b),
            allowance=allowance,
            rejected=share,
            culprit=culprit,
        )

    def _allowance(self, slices: Iterable[Slice]) -> float:
        shares = [
            self._budget_of(piece.contender) * share
            for piece in slices
            if piece.rejected is None
            and piece.diagnostics is not None
            and (share := piece.diagnostics.wait_share) is not None
        ]
        return fsum(shares) / len(shares) if shares else 0.0


def _keyed(speeds: Iterable[Speed], *, by_round: bool) -> dict[tuple[int, str, int], float]:
    """Return log-throughputs by restart, phase, and the number of the round in the run or its rank within restart and phase."""
    ranks: dict[tuple[int, str], int] = defaultdict(int)
    keyed: dict[tuple[int, str, int], float] = {}
    for speed in speeds:
        rank = ranks[speed.restart, speed.phase]
        ranks[speed.restart, speed.phase] += 1
        keyed[speed.restart, speed.phase, speed.ordinal if by_round else rank] = speed.log_throughput
    return keyed


def _groups(keyed: Mapping[tuple[int, str, int], float]) -> Groups:
    groups: dict[int, list[float]] = defaultdict(list)
    for (restart, _, _), value in keyed.items():
        groups[restart].append(value)
    return tuple(tuple(groups[restart]) for restart in sorted(groups))


def _culprit(rejected: Iterable[Slice]) -> str:
    top = busiest(piece.diagnostics.top for piece in rejected if piece.diagnostics is not None)
    if top is None:
        return ""
    return f"{top.name}, pid {top.pid}, {percent(top.share)} of a core"
