"""How far the measuring of a run that was cut off had come: pure, from its records."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from infer_compare.planner.settling import unsettled
from infer_compare.verdicts.protocol import RETRY_FACTOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.planner.points import Points
    from infer_compare.results import Run


class Progress(NamedTuple):
    """Restarts that have been made."""

    finished: int
    """So many count: one that was cut off is made again, in fresh workers, and its rounds are kept."""
    begun: int
    """The highest number that a restart has; the next one has the number after it."""


def progress(run: Run, points: Points, groups: Sequence[Sequence[str]], rounds: int) -> Progress:
    """How many restarts a run has, and whether the last one was cut off.

    Args:
        run: as far as it came.
        points: the operating points of each contender that is ranked.
        groups: the contenders that are alive together.
        rounds: the rounds of a restart.
    """
    numbers = {one.restart for one in run.rounds if one.phase == "measure"}
    begun = max((one.restart for one in run.rounds), default=0)
    if not numbers:
        return Progress(0, begun)
    last = max(numbers)
    before = msgspec.structs.replace(run, rounds=tuple(one for one in run.rounds if one.restart < last))
    left = unsettled(before, points, len(numbers) - 1)
    whole = all(_whole(run, left, group, last, rounds) for group in groups)
    return Progress(len(numbers) - (not whole), begun)


def _whole(run: Run, left: Points, group: Sequence[str], restart: int, rounds: int) -> bool:
    """Whether a group had all the rounds in a restart that were left for it, or as many as are made in vain."""
    own = [
        one for one in run.rounds if one.phase == "measure" and one.restart == restart and set(one.order) <= set(group)
    ]
    made = Counter(one.point for one in own)
    clean = Counter(one.point for one in own if one.clean)
    lost = {(death.contender, death.point) for death in run.deaths if death.restart == restart}
    wanted = {(label, point) for label in group for point in left.get(label, ())} - lost
    return all(clean[point] >= rounds or made[point] >= RETRY_FACTOR * rounds for _, point in wanted)


def confirmed(run: Run, chosen: Points, rounds: int) -> bool:
    """Whether the candidates for "best" have had their fresh rounds, as far as their contenders live.

    Args:
        run: as far as it came.
        chosen: the candidates of each contender of a group.
        rounds: how many each of them needs.
    """
    made = Counter((label, one.point) for one in run.rounds if one.phase == "confirm" for label in one.order)
    lost = {(death.contender, death.point) for death in run.deaths}
    wanted = {(label, point) for label, found in chosen.items() for point in found}
    return all(made[one] >= rounds for one in wanted - lost)
