"""The findings of the self-test for one backend: false verdicts, slowdowns found and missed, and noise."""

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
    """Verdicts on a backend against itself (A/A), one for each batch size; any verdict of faster or slower is false."""

    false: int
    """Number of verdicts of faster or slower."""
    same: int
    inconclusive: int

    @property
    def comparisons(self) -> int:
        """Number of all verdicts that could be given."""
        return self.false + self.same + self.inconclusive


class PlantedFindings(msgspec.Struct, frozen=True, kw_only=True):
    """Verdicts on a backend against a slowed-down copy, one for each batch size."""

    slowdown: float
    """The planted slowdown, relative."""
    right: int
    """Number of batch sizes at which the copy was called slower than both contenders that are not slowed down."""
    wrong: int
    """Number of batch sizes at which the copy was called faster than one of them, or the same."""
    not_shown: int
    """Number of all other batch sizes with a comparison."""
    measured: float | None
    """The measured slowdown, relative: geometric mean over the comparisons; None without comparisons."""

    @property
    def points(self) -> int:
        """Number of batch sizes with a comparison."""
        return self.right + self.wrong + self.not_shown

    @property
    def shown(self) -> bool:
        """Whether the slowdown was found at most batch sizes."""
        return 2 * self.right > self.points

    @property
    def reliable(self) -> bool:
        """Whether the slowdown was found at every batch size."""
        return 0 < self.right == self.points


class BackendFindings(msgspec.Struct, frozen=True, kw_only=True):
    """The findings of the self-test for one backend."""

    backend: str
    state: State
    """`busy`: other programs left no clean round. `failed`: the backend could not be run."""
    reason: str = ""
    """Why nothing was measured."""
    restarts: int = 0
    """Number of restarts that were begun."""
    clean_restarts: int = 0
    """Number of restarts with clean rounds, at the batch size with the fewest."""
    twins: TwinFindings
    planted: tuple[PlantedFindings, ...]
    """In ascending order of the slowdown."""
    half_width: float | None
    """Resolution: the relative half-width of an A/A interval, median over the batch sizes."""
    allowance: float | None
    """The part of this half-width that stems from accepted contention with other programs."""
    slices: int
    rejected: int
    """Number of slices that the gate rejected."""
    top: ForeignProcess | None
    """The process that was most often the busiest during rejected slices."""
    elapsed_s: float

    @property
    def rejected_share(self) -> float:
        """The share of rejected slices."""
        return self.rejected / self.slices if self.slices else 0.0

    @property
    def false(self) -> int:
        """Number of verdicts known to be wrong."""
        return self.twins.false + sum(trial.wrong for trial in self.planted)

    @property
    def resolved(self) -> float | None:
        """The least slowdown that was found at every batch size, like all larger ones; None if there is none."""
        least = None
        for trial in reversed(self.planted):
            if not trial.reliable:
                break
            least = trial.slowdown
        return least

    @property
    def cut_short(self) -> bool:
        """Whether there was too little time for the restarts that some planted slowdown needs."""
        return self.state == "measured" and self.restarts < SAME_RESTARTS

    @property
    def spoilt(self) -> bool:
        """Whether there was time for these restarts, but too many had no clean round at some batch size."""
        return self.state == "measured" and self.clean_restarts < SAME_RESTARTS <= self.restarts

    @property
    def passed(self) -> bool:
        """Whether there was no false verdict, and at least the largest slowdown was found at most batch sizes."""
        return self.state == "measured" and not self.false and self.planted[-1].shown


class SkippedBackend(msgspec.Struct, frozen=True):
    """A backend without a self-test, and why."""

    backend: str
    reason: str


def findings(run: Run, backend: str) -> BackendFindings:
    """Return the findings from a complete or incomplete run of the self-test.

    Args:
        run: the run.
        backend: the name with which its labels begin.
    """
    all_verdicts = _Verdicts(run)
    twin_labels = twins(backend)
    same = all_verdicts.between(*twin_labels)
    compared = [pair.comparison for pair in same if pair.comparison is not None]
    widths = [pair.half_width for pair in compared if pair.half_width is not None]
    noticed = noise(run)
    state, reason = _state(run, same, noticed)
    return BackendFindings(
        backend=backend,
        state=state,
        reason=reason.rstrip("."),
        restarts=len({round_.restart for round_ in run.rounds if round_.phase == "measure"}),
        clean_restarts=min((pair.restarts for pair in compared), default=0),
        twins=TwinFindings(
            false=sum(pair.verdict in {Verdict.FASTER, Verdict.SLOWER} for pair in same),
            same=sum(pair.verdict is Verdict.SAME for pair in same),
            inconclusive=sum(pair.verdict is Verdict.INCONCLUSIVE and pair.comparison is not None for pair in same),
        ),
        planted=tuple(all_verdicts.planted(twin_labels, backend, slowdown) for slowdown in SLOWDOWNS),
        half_width=median(widths) if widths else None,
        allowance=fsum(pair.allowance for pair in compared) / len(compared) if compared else None,
        slices=noticed.slices,
        rejected=noticed.rejected,
        top=noticed.top,
        elapsed_s=run.closing.elapsed_s if run.closing is not None else 0.0,
    )


def _state(run: Run, same: Iterable[PairVerdict], noticed: Noise) -> tuple[State, str]:
    verdicts = tuple(same)
    if any(verdict.comparison is not None for verdict in verdicts):
        return "measured", ""
    if run.closing is not None and run.closing.state == "stopped":
        return "busy", run.closing.reason
    invalid = next((verdict for verdict in verdicts if verdict.verdict is Verdict.INVALID), None)
    if invalid is not None:
        return "failed", reason_words(invalid)
    reason = next((reason_words(verdict) for verdict in verdicts), "no batch size was run")
    return ("busy" if noticed.rejected else "failed"), reason


class _Verdicts:
    """Computes verdicts at every operating point of a run."""

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
            if any(pair.comparison is None for pair in pairs):
                continue
            ratios += [log(pair.comparison.ratio) for pair in pairs if pair.comparison is not None]
            said = {pair.verdict for pair in pairs}
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
