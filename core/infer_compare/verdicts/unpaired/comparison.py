"""Everything that two stored runs say about each other."""

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
    """What was measured in one run and not in the other."""

    contender: str
    point: OperatingPoint | None
    """None for the whole contender; the first of several."""
    points: tuple[OperatingPoint, ...] = ()
    measured_in: Which
    """The run that has it, or the one of the first obstacle."""
    obstacles: tuple[tuple[Which, AnyObstacle], ...] = ()
    """Why a run has no figures; none where a contender is in the other run only."""
    sentence: str = ""
    """In words, which a report fills in."""


class RunComparison(msgspec.Struct, frozen=True, kw_only=True):
    """The new run held against the base."""

    margin: float
    across_conditions: bool
    """Whether verdicts were asked for although conditions differ."""
    conditions: tuple[Condition, ...]
    bests: tuple[PointComparison, ...]
    """Each contender at the base's best size, adjusted as one family by Holm's method."""
    points: tuple[PointComparison, ...]
    """Every contender at every operating point of both runs; these verdicts are not adjusted for their number."""
    missing: tuple[Missing, ...]
    guard: Guard | None

    @property
    def withheld(self) -> tuple[Condition, ...]:
        """The conditions for which verdicts are withheld."""
        return () if self.across_conditions else tuple(one for one in self.conditions if one.decisive)


class _Side:
    """One of the two runs, read once."""

    def __init__(self, run: Run, which: Which) -> None:
        self.run = run
        self.which = which
        self.measurements = Measurements(run.rounds, run.header.budget_of)
        self.points = {Candidate(one.contender, one.point): one for one in run.points}
        self.table: Mapping[Candidate, Figures] = figures_table(
            self.points.values(), self.measurements, run.header.metrics
        )
        liars = impossible(run, self.points.values())
        self.excluded = {one.contender: one.obstacle for one in exclusions(run, self.points.values(), liars)}

    def why_missing(self, candidate: Candidate) -> AnyObstacle:
        """Why there are no figures."""
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
    """Compares two stored runs of one model, contender by contender, size by size.

    Args:
        base: the run that counts as 1; a prefix of one will do.
        new: the other.
        margin: relative difference within which throughputs count as the same.
        across_conditions: give verdicts although conditions differ.
        loss: the relative loss of throughput that the guard looks for; None without a guard.

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
        topics = tuple(dict.fromkeys(one.topic for one in differing))
        contrasts[candidate] = pair
        points[candidate] = with_verdict(_undecided(old, fresh, candidate, pair, margin, topics), pair)
    answers = summarise(base, every_bound=False).answers
    chosen = _bests(answers, points)
    bests = [points[one] if stands is None else msgspec.structs.replace(points[one], in_place_of=stands)
             for one, stands in chosen.items()]  # fmt: skip
    own = [contrasts[one] for one in chosen]
    return RunComparison(
        margin=margin,
        across_conditions=across_conditions,
        conditions=conditions,
        bests=adjusted(bests, own),
        points=tuple(points.values()),
        missing=tuple(_missing(old, fresh, labels)),
        guard=None if loss is None else _guard(loss, bests, own, answers, fresh),
    )


def _contrast(old: _Side, fresh: _Side, candidate: Candidate) -> Contrast | None:
    samples = [sample(one.measurements, candidate, one.run.header.budget_of(candidate.label)) for one in (old, fresh)]
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
    """The guard, with what became of the base's best contender in the new run."""
    leaders = {answer.axes: answer.recommended for answer in answers if answer.recommended is not None}
    compared = {(one.contender, one.point.axes): one for one in bests}
    lost = []
    for axes, best in leaders.items():
        label, found = best.contender, compared.get((best.contender, axes))
        if label not in fresh.run.labels:
            lost.append(Lost(contender=label))
        elif label in fresh.excluded:
            lost.append(Lost(contender=label, obstacle=fresh.excluded[label]))
        elif found is None or (found.in_place_of is not None and Candidate(label, best.point) in fresh.points):
            why = fresh.why_missing(Candidate(label, best.point))
            lost.append(Lost(contender=label, point=best.point, obstacle=why))
    names = {(best.contender, axes) for axes, best in leaders.items()}
    return guard(loss, bests, own, leaders=names, lost=lost)


def _bests(
    answers: Sequence[Answer], points: Mapping[Candidate, PointComparison]
) -> dict[Candidate, OperatingPoint | None]:
    """Each contender at the size that the base recommends; where that is in one run only, the fastest of both.

    Returns:
        By candidate, what it stands for where it is not the recommended one itself.
    """
    wanted = {
        (best.contender, answer.axes): best.point
        for answer in answers
        for best in answer.by_contender
    }  # fmt: skip
    found: dict[Candidate, OperatingPoint | None] = {}
    for label, axes in dict.fromkeys((one.label, one.point.axes) for one in points):
        best = wanted.get((label, axes))
        if best is not None and Candidate(label, best) in points:
            found[Candidate(label, best)] = None
            continue
        own = [one for one in points if one.label == label and one.point.axes == axes]
        found[max(own, key=lambda one: points[one].base.throughput)] = best
    return found


def _missing(old: _Side, fresh: _Side, labels: Sequence[str]) -> Iterator[Missing]:
    for one, other in ((old, fresh), (fresh, old)):
        for label in one.run.labels:
            if label not in other.run.labels:
                yield Missing(contender=label, point=None, measured_in=one.which)
    for label in labels:
        obstacles = tuple((one.which, one.excluded[label]) for one in (old, fresh) if label in one.excluded)
        if obstacles:
            yield Missing(contender=label, point=None, measured_in=obstacles[0][0], obstacles=obstacles)
            continue
        for one, other in ((old, fresh), (fresh, old)):
            yield from _missing_points(one, other, label)


def _missing_points(one: _Side, other: _Side, label: str) -> Iterator[Missing]:
    """Sizes of a contender with figures in one run only; those for the same reason together."""
    by_obstacle: list[tuple[AnyObstacle, list[OperatingPoint]]] = []
    for candidate in one.table:
        if candidate.label == label and candidate not in other.table:
            why = other.why_missing(candidate)
            own = next((points for known, points in by_obstacle if known == why), None)
            if own is None:
                by_obstacle.append((why, own := []))
            own.append(candidate.point)
    for why, points in by_obstacle:
        yield Missing(
            contender=label,
            point=points[0],
            points=tuple(points),
            measured_in=one.which,
            obstacles=((other.which, why),),
        )
