"""The phase that measures the candidates for the best size again, each in fresh workers that run nothing else."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infer_compare.environment import memory
from infer_compare.phases.ahead import begin_ahead
from infer_compare.phases.contender_exploration import peaks
from infer_compare.phases.rank_plan import TOGETHER
from infer_compare.planner.confirming import candidates
from infer_compare.planner.duration import CONFIRM_ROUNDS
from infer_compare.planner.points import every_point, labels_at
from infer_compare.planner.resuming import confirmed
from infer_compare.planner.round_count import RoundCount

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from infer_compare.phases.context import RunContext
    from infer_compare.phases.ranking import Ranking
    from infer_compare.phases.restart_workers import RestartWorkers
    from infer_compare.planner.points import Points


@dataclass(frozen=True, slots=True)
class WaitingWorker:
    """The worker of a contender for one size, started ahead of its turn; a `Starter`."""

    workers: RestartWorkers
    label: str

    @property
    def instances(self) -> int:
        """How many workers the contender has."""
        return self.workers.instances(self.label)

    def begin(self, *, beside: int) -> None:
        """Start the worker; see `Starter.begin`."""
        self.workers.begin(self.label, beside=beside)

    def opened(self, seconds: float) -> bool:
        """Return whether the worker is ready or lost; see `Starter.opened`."""
        return self.workers.opened(self.label, seconds)


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
        if not confirmed(ranking.context.run, chosen, CONFIRM_ROUNDS):
            _confirm(ranking, restart, chosen)


def _confirm(ranking: Ranking, restart: int, chosen: Points) -> None:
    """Make the rounds of a group of contenders, each size in workers that run no other."""
    expectation = ranking.expectation
    counts = {
        point: RoundCount(
            "confirm", dict.fromkeys(labels_at(point, chosen), (point,)), CONFIRM_ROUNDS, tries=CONFIRM_ROUNDS
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
        waiting = (WaitingWorker(workers[point], label) for point, count in counts.items() for label in count.points)
        _begin_ahead(ranking.context, waiting)
        for point, count in counts.items():
            ranking.check_budget(costs.pop(point))
            workers[point].start()
            ranking.make(workers[point], count, sum(costs.values()))
            workers[point].end()


def _begin_ahead(context: RunContext, workers: Iterable[WaitingWorker]) -> None:
    """Start workers ahead of their turns, as far as there is memory besides that of the largest contender.

    Only workers on the CPU are started: on import, a framework may take an accelerator for itself.
    """
    starters = [worker for worker in workers if context.routes[worker.label].contender.spec.device == "cpu"]
    largest = max(peaks(context.run).values(), default=0)
    begin_ahead(starters, room=memory.limit().share(TOGETHER) - largest)
