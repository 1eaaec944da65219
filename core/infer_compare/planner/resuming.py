"""The progress of an interrupted run, from its records."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from infer_compare.planner.settling import unsettled
from infer_compare.results import Skipped, Unavailable
from infer_compare.verdicts.protocol import RETRY_FACTOR

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.planner.points import Points
    from infer_compare.results import AnyOutcome, Run


class Progress(NamedTuple):
    """The number of restarts that a run has finished and begun."""

    finished: int
    """Restarts that count as done; an interrupted restart is repeated in fresh workers, and its rounds are kept."""
    begun: int
    """The highest number of any restart; numbering continues from it."""


def progress(
    run: Run,
    points: Points,
    groups: Sequence[Sequence[str]],
    rounds: int,
    to_measure: Callable[[Run, Points, int], Points] = unsettled,
) -> Progress:
    """Return how many restarts a run has finished and begun.

    Args:
        run: so far.
        points: the operating points of each contender that is ranked.
        groups: the contenders whose workers are alive at the same time.
        rounds: the rounds of a restart.
        to_measure: returns the points to measure again, given the run so far, its points and the number of restarts.
    """
    numbers = {round_.restart for round_ in run.rounds if round_.phase == "measure"}
    begun = max((round_.restart for round_ in run.rounds), default=0)
    if not numbers:
        return Progress(0, begun)
    last = max(numbers)
    before = msgspec.structs.replace(run, rounds=tuple(round_ for round_ in run.rounds if round_.restart < last))
    left = to_measure(before, points, len(numbers) - 1)
    again = _without_server(run, points) & numbers
    if not all(_whole(run, left, group, last, rounds) for group in groups):
        again |= {last}
    return Progress(len(numbers - again), begun)


def answered(run: Run) -> dict[tuple[str, OperatingPoint], AnyOutcome]:
    """Return the outcomes of exploring, without points that a resumed run tries again.

    These are the points at which a server could not be reached, and larger sizes that were skipped for that reason.
    """
    again = {
        (label, point.axes): point.batch
        for (label, point), outcome in run.explored.items()
        if isinstance(outcome, Unavailable)
    }
    return {
        (label, point): outcome
        for (label, point), outcome in run.explored.items()
        if not isinstance(outcome, Unavailable)
        and not (isinstance(outcome, Skipped) and again.get((label, point.axes), point.batch) < point.batch)
    }


def _without_server(run: Run, points: Points) -> set[int]:
    """Return the restarts to repeat, because a contender did not reach its server in them or was not measured at all."""
    measured = {label for round_ in run.rounds if round_.phase == "measure" for label in round_.order}
    deaths = [death for death in run.deaths if death.contender in points]
    again = {death.restart for death in deaths if isinstance(death.outcome, Unavailable)}
    late = set(points) - measured - {death.contender for death in deaths}
    return again | {round_.restart for round_ in run.rounds if late}


def _whole(run: Run, left: Points, group: Sequence[str], restart: int, rounds: int) -> bool:
    """Return whether a group has all rounds of a restart: enough clean ones, or as many as are tried at most."""
    group_rounds = [
        round_
        for round_ in run.rounds
        if round_.phase == "measure" and round_.restart == restart and set(round_.order) <= set(group)
    ]
    made = Counter(round_.point for round_ in group_rounds)
    clean = Counter(round_.point for round_ in group_rounds if round_.clean)
    lost = {(death.contender, death.point) for death in run.deaths if death.restart == restart}
    wanted = {(label, point) for label in group for point in left.get(label, ())} - lost
    return all(clean[point] >= rounds or made[point] >= RETRY_FACTOR * rounds for _, point in wanted)


def confirmed(run: Run, chosen: Points, rounds: int) -> bool:
    """Return whether fresh workers have confirmed the candidates for the best size; those of lost contenders do not count.

    Args:
        run: so far.
        chosen: the candidates of each contender of a group.
        rounds: how many rounds each candidate needs.
    """
    made = Counter(
        (label, round_.point) for round_ in run.rounds if round_.phase == "confirm" for label in round_.order
    )
    lost = {(death.contender, death.point) for death in run.deaths if not isinstance(death.outcome, Unavailable)}
    wanted = {(label, point) for label, sizes in chosen.items() for point in sizes}
    return all(made[key] >= rounds for key in wanted - lost)
