"""How far the measuring of an interrupted run had come: pure, from its records."""

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
    """Restarts that have been made."""

    finished: int
    """So many count: one that was cut off is made again, in fresh workers, and its rounds are kept."""
    begun: int
    """The highest number that a restart has; the next one has the number after it."""


def progress(
    run: Run,
    points: Points,
    groups: Sequence[Sequence[str]],
    rounds: int,
    to_measure: Callable[[Run, Points, int], Points] = unsettled,
) -> Progress:
    """Return how many restarts a run has, and whether the last one was cut off.

    Args:
        run: as far as it came.
        points: the operating points of each contender that is ranked.
        groups: the contenders that are alive together.
        rounds: the rounds of a restart.
        to_measure: returns what is measured again after so many restarts.
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
    """Return what exploring found, without what a resumed run tries again: where a server was not reached, and the sizes that
    were left out for that.
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
    """Return the restarts that are made again since a contender did not reach its server in them, or takes part only now."""
    measured = {label for round_ in run.rounds if round_.phase == "measure" for label in round_.order}
    own = [death for death in run.deaths if death.contender in points]
    again = {death.restart for death in own if isinstance(death.outcome, Unavailable)}
    late = set(points) - measured - {death.contender for death in own}
    return again | {round_.restart for round_ in run.rounds if late}


def _whole(run: Run, left: Points, group: Sequence[str], restart: int, rounds: int) -> bool:
    """Return whether a group had all the rounds in a restart that were left for it, or as many as are tried at most."""
    own = [
        round_
        for round_ in run.rounds
        if round_.phase == "measure" and round_.restart == restart and set(round_.order) <= set(group)
    ]
    made = Counter(round_.point for round_ in own)
    clean = Counter(round_.point for round_ in own if round_.clean)
    lost = {(death.contender, death.point) for death in run.deaths if death.restart == restart}
    wanted = {(label, point) for label in group for point in left.get(label, ())} - lost
    return all(clean[point] >= rounds or made[point] >= RETRY_FACTOR * rounds for _, point in wanted)


def confirmed(run: Run, chosen: Points, rounds: int) -> bool:
    """Return whether the candidates for "best" have had their fresh rounds, unless their contenders were lost.

    Args:
        run: as far as it came.
        chosen: the candidates of each contender of a group.
        rounds: how many each of them needs.
    """
    made = Counter(
        (label, round_.point) for round_ in run.rounds if round_.phase == "confirm" for label in round_.order
    )
    lost = {(death.contender, death.point) for death in run.deaths if not isinstance(death.outcome, Unavailable)}
    wanted = {(label, point) for label, own in chosen.items() for point in own}
    return all(made[key] >= rounds for key in wanted - lost)
