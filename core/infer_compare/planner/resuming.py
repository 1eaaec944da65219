"""How far the measuring of an interrupted run had come: pure, from its records."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from infer_compare.planner.settling import unsettled
from infer_compare.verdicts.protocol import RETRY_FACTOR

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.planner.points import Points
    from infer_compare.results import Run


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
    whole = all(_whole(run, left, group, last, rounds) for group in groups)
    return Progress(len(numbers) - (not whole), begun)


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
    lost = {(death.contender, death.point) for death in run.deaths}
    wanted = {(label, point) for label, own in chosen.items() for point in own}
    return all(made[key] >= rounds for key in wanted - lost)
