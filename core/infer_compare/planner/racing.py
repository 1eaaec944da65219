"""Which contenders of a race can still be the fastest: pure, from what was measured so far.

A contender leaves when each of its sizes is outpaced: when its ratio to the leader lies below 1, however the rounds scatter.
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
"""Sizes of a contender that are raced, at most."""
CONFIDENCE = 0.99
"""Of the interval that shows a contender behind. It is looked at after each restart, for each contender."""
FIRST_LOOK = 1.3
"""After a single restart every round must show more than this."""
LOOKS = 2
"""Restarts from which intervals decide."""
SAME_RESTARTS = 3
"""Restarts from which contenders can be found to be equal."""
OWN_LOSS = 0.9
"""A size at which a contender reaches less than this share of its best is not measured further."""
FINALISTS = 3
"""Contenders that fresh workers confirm, at most."""


class Leading(NamedTuple):
    """Who leads a race, and where the others stand."""

    leader: Candidate
    ratios: dict[Candidate, Bounds]
    """Of the throughput of each other candidate to that of the leader."""
    tied: frozenset[Candidate]
    """Those that were shown to be equal to it."""


def leading(run: Run, points: Points, restarts: int) -> Leading | None:
    """Return who leads after so many restarts; None where nothing was measured.

    Args:
        run: as it stands; rounds that confirm play no part.
        points: what each contender that is still there runs.
        restarts: that have been made.
    """
    rounds = tuple(round_ for round_ in run.rounds if round_.phase == "measure")
    measurements = Measurements(rounds, run.header.budget_of)
    wanted = {Candidate(label, point) for label, own in points.items() for point in own}
    table = figures_table(
        (
            point
            for point in msgspec.structs.replace(run, rounds=rounds).points
            if (point.contender, point.point) in wanted
        ),
        measurements,
    )
    able = {candidate: found for candidate, found in table.items() if _may_keep_bound(run, found)}
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
    """Return what is measured again: the leader, and the contenders that may still be faster; nothing once the leader is known.

    Args:
        run: as it stands after a restart; contenders that its records drop are out.
        points: the sizes of each contender that is ranked.
        restarts: that have been made.
    """
    dropped = {record.contender for record in run.dropped if record.restart <= restarts}
    points = {label: own for label, own in points.items() if label not in dropped}
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
        for label, own in points.items()
        if (kept := tuple(point for point in own if Candidate(label, point) in open_))
    }


def drops(run: Run, points: Points, restarts: int) -> tuple[Dropped, ...]:
    """Return the contenders that leave after a restart.

    Args:
        run: as it stands after it.
        points: the sizes of the contenders that are still there.
        restarts: that have been made.
    """
    race = leading(run, points, restarts)
    if race is None:
        return ()
    bounds = {race.leader: Bounds(1.0, 1.0), **race.ratios}
    behind = outpaced(bounds)
    found = []
    for label, own in points.items():
        candidates = [Candidate(label, point) for point in own]
        if candidates and behind.issuperset(candidates):
            at_most = max(bounds[candidate].high for candidate in candidates)
            reason = Dropped(
                contender=label,
                restart=restarts,
                reason="slower" if at_most else "latency",
                against=race.leader.label if at_most else "",
                at_most=at_most or None,
            )
            found.append(reason)
    return tuple(found)


def finalists(run: Run, points: Points) -> Points:
    """Return the contenders that fresh workers confirm, with the sizes that were raced: the fastest few of those that are left.

    Args:
        run: as it stands after the last restart.
        points: the sizes of each contender that was raced.
    """
    left = {label: own for label, own in points.items() if run.drop(label) is None}
    race = leading(run, left, LOOKS)
    if race is None:
        return left
    best = dict.fromkeys(left, 0.0)
    for candidate, bounds in {**race.ratios, race.leader: Bounds(1.0, 1.0)}.items():
        middle = (bounds.low * bounds.high) ** 0.5 if bounds.high < inf else 0.0
        best[candidate.label] = max(best[candidate.label], middle)
    first = sorted(best, key=lambda label: -best[label])[:FINALISTS]
    return {label: own for label, own in left.items() if label in first}


def _may_keep_bound(run: Run, found: Figures) -> bool:
    """Return whether the latency that was measured does not plainly exceed the bound of the run."""
    bound_ns, percentile = run.header.options.latency_bound_ns, run.header.options.percentile
    if bound_ns is None:
        return True
    latency = found.latency_p50_ns if percentile < 90 else found.latency_p90_ns
    return latency <= bound_ns


def _against(measurements: Measurements, candidate: Candidate, leader: Candidate, restarts: int) -> Bounds:
    """Return the ratio of the throughput of a candidate to that of the leader, as far as the rounds tell it."""
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
