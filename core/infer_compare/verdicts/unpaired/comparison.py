"""The comparison of two stored runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from infer_compare.errors import UsageError
from infer_compare.interfaces.values import OperatingPoint
from infer_compare.results import Measured
from infer_compare.stats.wording import listing
from infer_compare.verdicts.exclusions import exclusions
from infer_compare.verdicts.looks import Verdict
from infer_compare.verdicts.measurements import Candidate, Measurements
from infer_compare.verdicts.obstacles import AnyObstacle, Disturbed, Ended, NotTimed, NotTried, OverBudget
from infer_compare.verdicts.pairs import side
from infer_compare.verdicts.plausibility import impossible
from infer_compare.verdicts.point_figures import figures_table
from infer_compare.verdicts.protocol import MARGIN
from infer_compare.verdicts.summary import summarise
from infer_compare.verdicts.unpaired.conditions import Condition, common_labels, conditions_between, decisive_for
from infer_compare.verdicts.unpaired.guard import Guard, Lost, guard
from infer_compare.verdicts.unpaired.identity import refuse_other_models
from infer_compare.verdicts.unpaired.points import PointComparison, adjusted, side_of, with_verdict
from infer_compare.verdicts.unpaired.ratio import Contrast, contrast, sample

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infer_compare.results import Run
    from infer_compare.verdicts.answer import Answer
    from infer_compare.verdicts.figures import Figures


Which = Literal["base", "new"]


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """A contender, or some of its points, with figures in one run but not in the other."""

    contender: str
    point: OperatingPoint | None
    """The first of its points; None for the whole contender."""
    points: tuple[OperatingPoint, ...] = ()
    measured_in: Which
    """The run that has figures, or the run of the first obstacle."""
    obstacles: tuple[tuple[Which, AnyObstacle], ...] = ()
    """Why a run has no figures; empty if only one of the runs has the contender."""
    sentence: str = ""
    """The same in words; filled in by a report."""


class RunComparison(msgspec.Struct, frozen=True, kw_only=True):
    """The comparison of a new run with a base."""

    margin: float
    across_conditions: bool
    """Whether the user requested verdicts although conditions differ."""
    conditions: tuple[Condition, ...]
    bests: tuple[PointComparison, ...]
    """Each contender at the base's best size, adjusted as one family by Holm's method."""
    points: tuple[PointComparison, ...]
    """All contenders at all operating points of both runs; these verdicts are not adjusted for their number."""
    missing: tuple[Missing, ...]
    guard: Guard | None

    @property
    def withheld(self) -> tuple[Condition, ...]:
        """The conditions for which verdicts are withheld."""
        return () if self.across_conditions else tuple(condition for condition in self.conditions if condition.decisive)


class _Side:
    """One of the two runs, with its measurements, figures and exclusions."""

    def __init__(self, run: Run, which: Which) -> None:
        self.run = run
        self.which = which
        self.measurements = Measurements(run.rounds, run.header.budget_of)
        self.points = {Candidate(point.contender, point.point): point for point in run.points}
        self.table: Mapping[Candidate, Figures] = figures_table(
            self.points.values(), self.measurements, run.header.metrics
        )
        liars = impossible(run, self.points.values())
        excluded = exclusions(run, self.points.values(), liars)
        self.excluded = {exclusion.contender: exclusion.obstacle for exclusion in excluded}

    def why_missing(self, candidate: Candidate) -> AnyObstacle:
        """Return why a candidate has no figures in this run."""
        point = self.points.get(candidate)
        if point is None:
            return NotTried()
        if point.excess_cores is not None:
            return OverBudget(cores=point.excess_cores, threads=self.run.header.budget_of(point.contender))
        if isinstance(point.outcome, Measured):
            return Disturbed() if point.slices else NotTimed()
        return Ended(outcome=point.outcome)


def compare_runs(
    base: Run, new: Run, *, margin: float = MARGIN, across_conditions: bool = False, loss: float | None = None
) -> RunComparison:
    """Compare two stored runs of the same model, for each contender and operating point.

    Args:
        base: the run to which ratios refer; may be unfinished.
        new: the other run.
        margin: relative difference within which throughputs count as the same.
        across_conditions: whether to give verdicts although conditions differ.
        loss: the relative loss of throughput that counts as a regression; None without a guard.

    Raises:
        UsageError: the runs are of different models, or have no contender in common.
    """
    refuse_other_models(base, new, across_conditions=across_conditions)
    old, fresh = _Side(base, "base"), _Side(new, "new")
    labels = common_labels(base, new)
    if not labels:
        raise UsageError(
            f"The two runs have no contender in common: {listing(base.labels)} in the base, {listing(new.labels)} in the "
            "new run. Contenders are matched by their labels; label=... in -b gives one."
        )
    conditions = conditions_between(base, new)
    contrasts: dict[Candidate, Contrast] = {}
    points: dict[Candidate, PointComparison] = {}
    for candidate in old.table:
        if candidate.label not in labels or candidate.label in {**old.excluded, **fresh.excluded}:
            continue
        if candidate not in fresh.table:
            continue
        pair = _contrast(old, fresh, candidate)
        if pair is None:
            continue
        differing = () if across_conditions else decisive_for(conditions, candidate.label)
        topics = tuple(dict.fromkeys(condition.topic for condition in differing))
        contrasts[candidate] = pair
        points[candidate] = with_verdict(_undecided(old, fresh, candidate, pair, margin, topics), pair)
    answers = summarise(base, every_bound=False).answers
    chosen = _bests(answers, points)
    bests = [
        points[candidate]
        if recommended is None
        else msgspec.structs.replace(points[candidate], in_place_of=recommended)
        for candidate, recommended in chosen.items()
    ]
    of_bests = [contrasts[candidate] for candidate in chosen]
    return RunComparison(
        margin=margin,
        across_conditions=across_conditions,
        conditions=conditions,
        bests=adjusted(bests, of_bests),
        points=tuple(points.values()),
        missing=tuple(_missing(old, fresh, labels)),
        guard=None if loss is None else _guard(loss, bests, of_bests, answers, fresh),
    )


def _contrast(old: _Side, fresh: _Side, candidate: Candidate) -> Contrast | None:
    samples = [
        sample(side.measurements, candidate, side.run.header.budget_of(candidate.label)) for side in (old, fresh)
    ]
    if samples[0] is None or samples[1] is None:
        return None
    return contrast(samples[0], samples[1])


def _undecided(
    old: _Side, fresh: _Side, candidate: Candidate, pair: Contrast, margin: float, differing: tuple[str, ...]
) -> PointComparison:
    return PointComparison(
        contender=candidate.label,
        name=side(old.run, candidate.label, candidate.point).name,
        point=candidate.point,
        verdict=Verdict.INCONCLUSIVE,
        margin=margin,
        base=side_of(old.table[candidate], len(pair.base.restarts)),
        new=side_of(fresh.table[candidate], len(pair.new.restarts)),
        ratio=pair.ratio(),
        differing=differing,
    )


def _guard(
    loss: float, bests: Sequence[PointComparison], own: Sequence[Contrast], answers: Sequence[Answer], fresh: _Side
) -> Guard:
    """Return the guard, including the best contenders of the base for which the new run has no figures."""
    leaders = {answer.axes: answer.recommended for answer in answers if answer.recommended is not None}
    compared = {(comparison.contender, comparison.point.axes): comparison for comparison in bests}
    lost = []
    for axes, best in leaders.items():
        label, comparison_of_best = best.contender, compared.get((best.contender, axes))
        if label not in fresh.run.labels:
            lost.append(Lost(contender=label))
        elif label in fresh.excluded:
            lost.append(Lost(contender=label, obstacle=fresh.excluded[label]))
        elif comparison_of_best is None or (
            comparison_of_best.in_place_of is not None and Candidate(label, best.point) in fresh.points
        ):
            why = fresh.why_missing(Candidate(label, best.point))
            lost.append(Lost(contender=label, point=best.point, obstacle=why))
    names = {(best.contender, axes) for axes, best in leaders.items()}
    return guard(loss, bests, own, leaders=names, lost=lost)


def _bests(
    answers: Sequence[Answer], points: Mapping[Candidate, PointComparison]
) -> dict[Candidate, OperatingPoint | None]:
    """Return each contender at the size that the base recommends, or at its fastest common size if only one run has that.

    Returns:
        The chosen candidates, each with the recommended point that it replaces; None if it is the recommended one.
    """
    wanted = {
        (best.contender, answer.axes): best.point
        for answer in answers
        for best in answer.by_contender
    }  # fmt: skip
    chosen: dict[Candidate, OperatingPoint | None] = {}
    for label, axes in dict.fromkeys((candidate.label, candidate.point.axes) for candidate in points):
        best = wanted.get((label, axes))
        if best is not None and Candidate(label, best) in points:
            chosen[Candidate(label, best)] = None
            continue
        own = [candidate for candidate in points if candidate.label == label and candidate.point.axes == axes]
        chosen[max(own, key=lambda candidate: points[candidate].base.throughput)] = best
    return chosen


def _missing(old: _Side, fresh: _Side, labels: Sequence[str]) -> Iterator[Missing]:
    for measured, lacking in ((old, fresh), (fresh, old)):
        for label in measured.run.labels:
            if label not in lacking.run.labels:
                yield Missing(contender=label, point=None, measured_in=measured.which)
    for label in labels:
        obstacles = tuple(
            (measured.which, measured.excluded[label]) for measured in (old, fresh) if label in measured.excluded
        )
        if obstacles:
            yield Missing(contender=label, point=None, measured_in=obstacles[0][0], obstacles=obstacles)
            continue
        for measured, lacking in ((old, fresh), (fresh, old)):
            yield from _missing_points(measured, lacking, label)


def _missing_points(measured: _Side, lacking: _Side, label: str) -> Iterator[Missing]:
    """Yield the sizes of a contender with figures in only one run, grouped by the reason."""
    by_obstacle: list[tuple[AnyObstacle, list[OperatingPoint]]] = []
    for candidate in measured.table:
        if candidate.label == label and candidate not in lacking.table:
            why = lacking.why_missing(candidate)
            alike = next((points for known, points in by_obstacle if known == why), None)
            if alike is None:
                by_obstacle.append((why, alike := []))
            alike.append(candidate.point)
    for why, points in by_obstacle:
        yield Missing(
            contender=label,
            point=points[0],
            points=tuple(points),
            measured_in=measured.which,
            obstacles=((lacking.which, why),),
        )
