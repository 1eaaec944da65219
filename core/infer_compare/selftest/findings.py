"""What a run of a backend against itself shows: false verdicts, planted slowdowns found and missed, and the noise."""

from __future__ import annotations

from math import exp, fsum, log
from typing import TYPE_CHECKING, Literal

import msgspec

from infer_compare.report.noise import noise
from infer_compare.report.sentences.verdicts import reason_words
from infer_compare.results import ForeignProcess
from infer_compare.selftest.setup import SLOWDOWNS, planted_label, twins
from infer_compare.stats.quantiles import median
from infer_compare.verdicts import PairVerdict, Verdict, compare_points
from infer_compare.verdicts.measurements import Candidate, Measurements
from infer_compare.verdicts.protocol import SAME_RESTARTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from infer_compare.report.schema import Noise
    from infer_compare.results import Run

State = Literal["measured", "busy", "failed"]


class TwinFindings(msgspec.Struct, frozen=True, kw_only=True):
    """Verdicts on a backend against itself (A/A), one for each batch size; whatever names a direction is false."""

    false: int
    """Called faster or slower."""
    same: int
    inconclusive: int

    @property
    def comparisons(self) -> int:
        """All of them; those that could not be made are left out."""
        return self.false + self.same + self.inconclusive


class PlantedFindings(msgspec.Struct, frozen=True, kw_only=True):
    """Verdicts on a backend against itself made slower, one for each batch size."""

    slowdown: float
    """As it was planted, relative."""
    right: int
    """Batch sizes at which it was called slower than either of the two that are not slowed down."""
    wrong: int
    """Batch sizes at which it was called faster than one of them, or the same."""
    not_shown: int
    """All other batch sizes at which they could be compared."""
    measured: float | None
    """The slowdown as it was measured, relative: geometric mean over the comparisons; None where there are none."""

    @property
    def points(self) -> int:
        """Batch sizes at which they could be compared."""
        return self.right + self.wrong + self.not_shown

    @property
    def shown(self) -> bool:
        """Whether it was found at most batch sizes."""
        return 2 * self.right > self.points

    @property
    def reliable(self) -> bool:
        """Whether it was found at every batch size."""
        return 0 < self.right == self.points


class BackendFindings(msgspec.Struct, frozen=True, kw_only=True):
    """What the self-test found with one backend."""

    backend: str
    state: State
    """`busy`: other programs left no clean round. `failed`: the backend could not be run."""
    reason: str = ""
    """Why nothing was measured."""
    restarts: int = 0
    """Those that were begun."""
    clean_restarts: int = 0
    """With clean rounds, at the batch size that has fewest."""
    twins: TwinFindings
    planted: tuple[PlantedFindings, ...]
    """By slowdown, ascending."""
    half_width: float | None
    """Resolution: the relative half-width of an A/A interval, median over the batch sizes."""
    allowance: float | None
    """What accepted contention may have cost: the part of that half-width that the noise of the machine adds."""
    slices: int
    rejected: int
    """Slices that the gate rejected."""
    top: ForeignProcess | None
    """The process that was most often the busiest while slices were rejected."""
    elapsed_s: float

    @property
    def rejected_share(self) -> float:
        """Of all slices, those that were rejected."""
        return self.rejected / self.slices if self.slices else 0.0

    @property
    def false(self) -> int:
        """Verdicts that are known to be wrong."""
        return self.twins.false + sum(one.wrong for one in self.planted)

    @property
    def resolved(self) -> float | None:
        """The least slowdown that was found at every batch size, as were all larger ones; None where there is none."""
        least = None
        for one in reversed(self.planted):
            if not one.reliable:
                break
            least = one.slowdown
        return least

    @property
    def cut_short(self) -> bool:
        """Whether the time was too short for so many restarts as any of the planted slowdowns needs to be shown."""
        return self.state == "measured" and self.restarts < SAME_RESTARTS

    @property
    def spoilt(self) -> bool:
        """Whether there was time for them, and too many were left without a clean round at some batch size."""
        return self.state == "measured" and self.clean_restarts < SAME_RESTARTS <= self.restarts

    @property
    def passed(self) -> bool:
        """No false verdict, and at least the largest slowdown found at most batch sizes."""
        return self.state == "measured" and not self.false and self.planted[-1].shown


class SkippedBackend(msgspec.Struct, frozen=True):
    """A backend that the self-test was to be run with, and why it was not."""

    backend: str
    reason: str


def findings(run: Run, backend: str) -> BackendFindings:
    """Reads a run that `Setup.request` asked for, or any prefix of one.

    Args:
        run: the run.
        backend: the name by which its labels begin.
    """
    all_verdicts = _Verdicts(run)
    twin_labels = twins(backend)
    same = all_verdicts.between(*twin_labels)
    compared = [one.comparison for one in same if one.comparison is not None]
    widths = [one.half_width for one in compared if one.half_width is not None]
    noticed = noise(run)
    state, reason = _state(run, same, noticed)
    return BackendFindings(
        backend=backend,
        state=state,
        reason=reason.rstrip("."),
        restarts=len({one.restart for one in run.rounds if one.phase == "measure"}),
        clean_restarts=min((one.restarts for one in compared), default=0),
        twins=TwinFindings(
            false=sum(one.verdict in {Verdict.FASTER, Verdict.SLOWER} for one in same),
            same=sum(one.verdict is Verdict.SAME for one in same),
            inconclusive=sum(one.verdict is Verdict.INCONCLUSIVE and one.comparison is not None for one in same),
        ),
        planted=tuple(all_verdicts.planted(twin_labels, backend, slowdown) for slowdown in SLOWDOWNS),
        half_width=median(widths) if widths else None,
        allowance=fsum(one.allowance for one in compared) / len(compared) if compared else None,
        slices=noticed.slices,
        rejected=noticed.rejected,
        top=noticed.top,
        elapsed_s=run.closing.elapsed_s if run.closing is not None else 0.0,
    )


def _state(run: Run, same: Iterable[PairVerdict], noticed: Noise) -> tuple[State, str]:
    verdicts = tuple(same)
    if any(one.comparison is not None for one in verdicts):
        return "measured", ""
    if run.closing is not None and run.closing.state == "stopped":
        return "busy", run.closing.reason
    invalid = next((one for one in verdicts if one.verdict is Verdict.INVALID), None)
    if invalid is not None:
        return "failed", reason_words(invalid)
    reason = next((reason_words(one) for one in verdicts), "no batch size was run")
    return ("busy" if noticed.rejected else "failed"), reason


class _Verdicts:
    """Asks for verdicts at every operating point of a run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._measurements = Measurements(run.rounds, run.header.budget_of)
        self._points = {Candidate(point.contender, point.point): point for point in run.points}
        self._asked = run.header.points or ()

    def between(self, a_label: str, b_label: str) -> tuple[PairVerdict, ...]:
        return tuple(
            compare_points(self._run, a_label, b_label, point, measurements=self._measurements, points=self._points)
            for point in self._asked
        )

    def planted(self, unslowed: Sequence[str], backend: str, slowdown: float) -> PlantedFindings:
        slowed = planted_label(backend, slowdown)
        by_point = list(zip(*(self.between(label, slowed) for label in unslowed), strict=True))
        right = wrong = not_shown = 0
        ratios: list[float] = []
        for pairs in by_point:
            if any(one.comparison is None for one in pairs):
                continue
            ratios += [log(one.comparison.ratio) for one in pairs if one.comparison is not None]
            said = {one.verdict for one in pairs}
            if said == {Verdict.FASTER}:
                right += 1
            elif said & {Verdict.SLOWER, Verdict.SAME}:
                wrong += 1
            else:
                not_shown += 1
        return PlantedFindings(
            slowdown=slowdown,
            right=right,
            wrong=wrong,
            not_shown=not_shown,
            measured=exp(fsum(ratios) / len(ratios)) - 1 if ratios else None,
        )
