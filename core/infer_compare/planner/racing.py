"""The contenders of a race that can still be the fastest, by the rounds measured so far.

A contender is dropped when all its sizes are outpaced: when the interval of each size's ratio to the leader is below 1.
"""

from __future__ import annotations

from math import exp, inf
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from infer_compare.planner.trials import Bounds, outpaced
from infer_compare.results import Dropped
from infer_compare.verdicts.contrast import PairedRounds
from infer_compare.verdicts.measurements import Candidate, Measurements
from infer_compare.verdicts.point_figures import figures_table

if TYPE_CHECKING:
    from infer_compare.planner.points import Points
    from infer_compare.results import Run
    from infer_compare.verdicts.figures import Figures

MOST_SIZES = 3
"""The most sizes of a contender that are raced."""
CONFIDENCE = 0.99
"""Of the interval that shows a contender to be slower; high, because each contender is examined after each restart."""
FIRST_LOOK = 1.3
"""After a single restart, every round must show a larger ratio than this."""
LOOKS = 2
"""Number of restarts from which intervals decide."""
SAME_RESTARTS = 3
"""Number of restarts from which contenders can be equal."""
OWN_LOSS = 0.9
"""A size at which a contender reaches less than this share of its best throughput is no longer measured."""
FINALISTS = 3
"""The most contenders that fresh workers confirm."""


class Leading(NamedTuple):
    """The leader of a race, and the ratios of the others to it."""

    leader: Candidate
    ratios: dict[Candidate, Bounds]
    """Bounds of each other candidate's throughput, relative to the leader's."""
    tied: frozenset[Candidate]
    """Candidates that were shown to be as fast as the leader."""


def leading(run: Run, points: Points, restarts: int) -> Leading | None:
    """Return the leader of a race and the ratios of the others to it; None if nothing was measured.

    Args:
        run: so far; rounds that confirm are ignored.
        points: the operating points of the remaining contenders.
        restarts: number of restarts so far.
    """
    rounds = tuple(round_ for round_ in run.rounds if round_.phase == "measure")
    measurements = Measurements(rounds, run.header.budget_of)
    wanted = {Candidate(label, point) for label, sizes in points.items() for point in sizes}
    table = figures_table(
        (
            point
            for point in msgspec.structs.replace(run, rounds=rounds).points
            if (point.contender, point.point) in wanted
        ),
        measurements,
    )
    able = {candidate: figures for candidate, figures in table.items() if _may_keep_bound(run, figures)}
    if not able:
        return None
    leader = max(able, key=lambda candidate: able[candidate].throughput)
    ratios: dict[Candidate, Bounds] = {}
    tied: set[Candidate] = set()
    margin = run.header.plan.margin
    for candidate in wanted - {leader}:
        if candidate in table and candidate not in able:
            ratios[candidate] = Bounds(0.0, 0.0)
            continue
        ratios[candidate] = bounds = _against(measurements, candidate, leader, restarts)
        if restarts >= SAME_RESTARTS and bounds.low > 1 - margin and bounds.high < 1 + margin:
            tied.add(candidate)
    return Leading(leader, ratios, frozenset(tied))


def still_raced(run: Run, points: Points, restarts: int) -> Points:
    """Return the points to measure again: the leader, and contenders that may still be faster; none once the fastest is known.

    Args:
        run: so far, after a restart; contenders that its records drop are left out.
        points: the operating points of each contender that is ranked.
        restarts: number of restarts so far.
    """
    dropped = {record.contender for record in run.dropped if record.restart <= restarts}
    points = {label: sizes for label, sizes in points.items() if label not in dropped}
    if not restarts:
        return points
    race = leading(run, points, restarts)
    if race is None:
        return points
    bounds = {race.leader: Bounds(1.0, 1.0), **race.ratios}
    open_ = set(bounds) - outpaced(bounds) - race.tied
    others = {candidate.label for candidate in open_} - {race.leader.label}
    if not others and restarts >= LOOKS:
        return {}
    open_.add(race.leader)
    return {
        label: kept
        for label, sizes in points.items()
        if (kept := tuple(point for point in sizes if Candidate(label, point) in open_))
    }


def drops(run: Run, points: Points, restarts: int) -> tuple[Dropped, ...]:
    """Return the contenders to drop after a restart, each with the reason.

    Args:
        run: so far, after the restart.
        points: the operating points of the remaining contenders.
        restarts: number of restarts so far.
    """
    race = leading(run, points, restarts)
    if race is None:
        return ()
    bounds = {race.leader: Bounds(1.0, 1.0), **race.ratios}
    behind = outpaced(bounds)
    dropped = []
    for label, sizes in points.items():
        candidates = [Candidate(label, point) for point in sizes]
        if candidates and behind.issuperset(candidates):
            at_most = max(bounds[candidate].high for candidate in candidates)
            record = Dropped(
                contender=label,
                restart=restarts,
                reason="slower" if at_most else "latency",
                against=race.leader.label if at_most else "",
                at_most=at_most or None,
            )
            dropped.append(record)
    return tuple(dropped)


def finalists(run: Run, points: Points) -> Points:
    """Return the fastest remaining contenders, which fresh workers confirm, with the operating points that were raced.

    Args:
        run: so far, after the last restart.
        points: the operating points of each contender that was raced.
    """
    left = {label: sizes for label, sizes in points.items() if run.drop(label) is None}
    race = leading(run, left, LOOKS)
    if race is None:
        return left
    best = dict.fromkeys(left, 0.0)
    for candidate, bounds in {**race.ratios, race.leader: Bounds(1.0, 1.0)}.items():
        middle = (bounds.low * bounds.high) ** 0.5 if bounds.high < inf else 0.0
        best[candidate.label] = max(best[candidate.label], middle)
    first = sorted(best, key=lambda label: -best[label])[:FINALISTS]
    return {label: sizes for label, sizes in left.items() if label in first}


def _may_keep_bound(run: Run, figures: Figures) -> bool:
    """Return whether the measured latency may keep the run's bound: its p50 or p90, below the bound's percentile, does."""
    bound_ns, percentile = run.header.options.latency_bound_ns, run.header.options.percentile
    if bound_ns is None:
        return True
    latency = figures.latency_p50_ns if percentile < 90 else figures.latency_p90_ns
    return latency <= bound_ns


def _against(measurements: Measurements, candidate: Candidate, leader: Candidate, restarts: int) -> Bounds:
    """Return bounds of a candidate's throughput relative to the leader's; unlimited where the rounds show nothing."""
    contrast = measurements.contrast(candidate, leader)
    if contrast is None:
        return Bounds(0.0, inf)
    if candidate.label == leader.label:
        ratio = exp(contrast.mean)
        return Bounds(ratio, ratio) if ratio < OWN_LOSS and restarts >= LOOKS else Bounds(0.0, inf)
    if contrast.restarts < LOOKS:
        _, high = contrast.extremes
        return Bounds(0.0, exp(high) * FIRST_LOOK) if isinstance(contrast, PairedRounds) else Bounds(0.0, inf)
    evidence = measurements.family(candidate.label, leader.label).evidence(contrast)
    if evidence is None:
        return Bounds(0.0, inf)
    half = evidence.estimate.half_width(CONFIDENCE) + evidence.allowance
    return Bounds(exp(evidence.estimate.mean - half), exp(evidence.estimate.mean + half))
