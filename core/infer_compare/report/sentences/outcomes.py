"""Outcomes of points, and obstacles to comparing a contender, as clauses."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from infer_compare.report.sentences.drops import drop_words
from infer_compare.results.outcomes import (
    Died,
    Failed,
    LimitReached,
    Measured,
    OutOfMemory,
    Skipped,
    TimedOut,
    Unavailable,
)
from infer_compare.stats.wording import count, significant
from infer_compare.verdicts.obstacles import (
    ClockWrong,
    Disturbed,
    Ended,
    LeftRace,
    NotTimed,
    NotTried,
    OutputsDiffer,
    OverBudget,
)

if TYPE_CHECKING:
    from infer_compare.interfaces import OperatingPoint
    from infer_compare.results.outcomes import AnyOutcome
    from infer_compare.verdicts.obstacles import AnyObstacle


def outcome_words(outcome: AnyOutcome) -> str:
    """Return how a point ended, as a clause, such as `ran out of memory` or `died of SIGSEGV`."""
    match outcome:
        case Measured():
            return "ran"
        case OutOfMemory():
            return f"ran out of memory{_because(outcome.reason)}"
        case LimitReached():
            return f"reached a limit of its framework{_because(outcome.reason)}"
        case TimedOut():
            return f"did not answer within {significant(outcome.deadline_s)} s"
        case Died():
            how = f"of {outcome.signal}" if outcome.signal else f"with exit code {outcome.exit_code}"
            return f"died {how}"
        case Unavailable():
            tries = f" in {outcome.tries} tries" if outcome.tries > 1 else ""
            return f"did not reach its server{tries}{_because(outcome.reason)}"
        case Failed():
            return f"failed with {outcome.error}{_because(outcome.reason)}"
        case Skipped():
            return f"was not run{_because(outcome.reason)}"
        case _:
            assert_never(outcome)


PREDICTED = "predicted, not measured: this batch size cannot be the best one here"
"""Why a point that was skipped has no figures."""


def over_budget_words(cores: float, threads: int) -> str:
    """Return the clause about an exceeded thread budget, such as `used 1.7 cores at a budget of 1 thread`."""
    return f"used {significant(cores, 2)} cores at a budget of {count(threads, 'thread')}"


def obstacle_words(obstacle: AnyObstacle, subject: str = "it") -> str:
    """Return an obstacle to comparing a contender, as a clause.

    Args:
        obstacle: the obstacle.
        subject: the word for the contender in the clause.
    """
    match obstacle:
        case OutputsDiffer():
            return _difference(obstacle)
        case ClockWrong():
            return (
                f"its clock cannot be right: at {obstacle.point} it would do {significant(obstacle.flops_per_s / 1e9)} "
                f"GFLOP/s, {significant(obstacle.excess, 2)} times the fastest matrix product of this machine"
            )
        case Ended():
            return f"{subject} {outcome_words(obstacle.outcome)}{_at(obstacle.point)}"
        case OverBudget():
            return f"{subject} {over_budget_words(obstacle.cores, obstacle.threads)}{_at(obstacle.point)}"
        case Disturbed():
            return "every slice was disturbed by other processes"
        case NotTimed():
            return "only trial calls ran"
        case LeftRace():
            return drop_words(obstacle.record)
        case NotTried():
            return f"{subject} was not run{_at(obstacle.point)}"
        case _:
            assert_never(obstacle)


def _difference(obstacle: OutputsDiffer) -> str:
    clause = f"its outputs differ from those of {obstacle.reference} at {obstacle.point}"
    if obstacle.reason:
        return f"{clause}: {obstacle.reason}"
    if obstacle.needed_rtol is None:
        return clause
    worst, allowed = significant(obstacle.needed_rtol, 2), significant(obstacle.rtol, 2)
    return f"{clause}: relative difference {worst}, allowed {allowed}"


def _at(point: OperatingPoint | None) -> str:
    return "" if point is None else f" at {point}"


def _because(reason: str) -> str:
    return f" ({reason})" if reason else ""
