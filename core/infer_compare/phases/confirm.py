"""The phase that measures the candidates for the best size again, each in fresh workers that run nothing else."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from infer_compare.phases.ahead import begin_workers_ahead
from infer_compare.planner.confirming import candidates
from infer_compare.planner.points import every_point, labels_at
from infer_compare.planner.resuming import confirmed
from infer_compare.planner.round_count import RoundCount
from infer_compare.verdicts.protocol import RETRY_FACTOR, ROUNDS_PER_RESTART

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.phases.context import RunContext
    from infer_compare.phases.ranking import Ranking
    from infer_compare.planner.points import Points


def confirm(ranking: Ranking, groups: Sequence[Sequence[str]], restart: int) -> None:
    """Make fresh rounds over the candidates for the best size, unless there is nothing to choose or they were made before.

    Args:
        ranking: the ranking so far.
        groups: the contenders whose workers are alive at the same time.
        restart: the number of this set of workers.

    Raises:
        BudgetSpent: the time is used up.
    """
    best = candidates(ranking.context.run, ranking.points)
    # A race also chooses among contenders, not only among sizes.
    chosen_among = len(best) if ranking.context.race is not None else 1
    if chosen_among <= 1 and all(len(sizes) <= 1 for sizes in best.values()):
        return
    for group in groups:
        chosen = {label: best[label] for label in group if label in best}
        if not confirmed(ranking.context.run, chosen, _rounds(ranking.context)):
            _confirm(ranking, restart, chosen)


def _confirm(ranking: Ranking, restart: int, chosen: Points) -> None:
    """Make the rounds of a group of contenders, each size in workers that run no other."""
    expectation, rounds = ranking.expectation, _rounds(ranking.context)
    counts = {
        point: RoundCount(
            "confirm", dict.fromkeys(labels_at(point, chosen), (point,)), rounds, tries=RETRY_FACTOR * rounds
        )
        for point in ranking.context.order.shuffled(every_point(chosen))
    }
    costs = {
        point: count.remaining_s(expectation) + sum(expectation.start_s.get(label, 0.0) for label in count.points)
        for point, count in counts.items()
    }
    with ExitStack() as stack:
        workers = {
            point: stack.enter_context(ranking.workers(list(count.points), restart)) for point, count in counts.items()
        }
        begin_workers_ahead(ranking.context, list(workers.values()))
        for point, count in counts.items():
            ranking.check_budget(costs.pop(point))
            workers[point].start()
            ranking.make(workers[point], count, sum(costs.values()))
            workers[point].end()


def _rounds(context: RunContext) -> int:
    """Return the rounds at each size: as many as a restart of the mode has."""
    return ROUNDS_PER_RESTART[context.options.mode]
