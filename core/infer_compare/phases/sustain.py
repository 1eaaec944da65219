"""The phase that runs the recommended size for a long time, on asynchronous devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.verdicts import summarise
from infer_compare.verdicts.protocol import SUSTAINED_S

if TYPE_CHECKING:
    from infer_compare.phases.ranking import Ranking


def sustain(ranking: Ranking) -> None:
    """Run the best size of each contender on an asynchronous device for a minute, until the device is warm.

    Args:
        ranking: the ranking so far.

    Raises:
        BudgetSpent: the time is used up.
    """
    context = ranking.context
    run = context.run
    done = {round_.order[0] for round_ in run.rounds if round_.phase == "sustain"}
    asynchronous = {start.contender for start in run.starts if start.asynchronous} - done
    answers = summarise(run, every_bound=False).answers if asynchronous else ()
    best = {
        best.contender: best.point
        for answer in answers
        for best in answer.by_contender
        if best.contender in asynchronous
    }
    restart = max((round_.restart for round_ in run.rounds), default=0) + 1
    for label, point in best.items():
        ranking.check_budget(ranking.expectation.start_s.get(label, 0.0) + SUSTAINED_S)
        with ranking.workers([label], restart) as workers:
            workers.start()
            if workers.able([label], point) and workers.pipelines(label):
                context.observer.note("sustained", f"{label} at {point} for {SUSTAINED_S:g} s")
                workers.sustain(label, point, index=ranking.next_index(), seconds=SUSTAINED_S)
