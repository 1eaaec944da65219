"""Contenders whose servers were not reached, which a resumed run tries again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.results.outcomes import Unavailable

if TYPE_CHECKING:
    from infer_compare.results.records import Death
    from infer_compare.results.run import Run


def unreached(run: Run) -> frozenset[str]:
    """Return the contenders that did not reach their servers while exploring, and not in a later attempt either."""
    return frozenset(
        [record.contender for record in run.unusable if isinstance(record.outcome, Unavailable)]
        + [label for (label, _), outcome in run.explored.items() if isinstance(outcome, Unavailable)]
    )


def is_back(run: Run, death: Death) -> bool:
    """Return whether a contender that lost its server was started again after the loss, so that its rounds were repeated."""
    if not isinstance(death.outcome, Unavailable):
        return False
    starts = [start.restart for start in run.starts if start.contender == death.contender]
    deaths = [other.restart for other in run.deaths if other.contender == death.contender]
    return max(starts, default=0) > death.restart or starts.count(death.restart) > deaths.count(death.restart)


def lacks_server(run: Run) -> bool:
    """Return whether results are missing in a run because a server was not reached."""
    lost = (death for death in run.deaths if isinstance(death.outcome, Unavailable))
    return (
        bool(unreached(run))
        or any(isinstance(limit.failure, Unavailable) for limit in (*run.limits, *run.axis_limits))
        or not all(is_back(run, death) for death in lost)
    )
