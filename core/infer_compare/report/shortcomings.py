"""The questions that a run did not answer, for which the exit code is 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.sentences.answers import bound_sentences
from infer_compare.report.sentences.exclusions import excluded, excluded_sentence
from infer_compare.report.sentences.outcomes import outcome_words
from infer_compare.report.words import plain
from infer_compare.results import AxisLimit, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.report.schema import FailureReport, State
    from infer_compare.results import Run
    from infer_compare.verdicts import Summary


def state_of(run: Run) -> State:
    """Return how the run ended; a run without a closing record was interrupted."""
    return run.closing.state if run.closing is not None else "interrupted"


def shortcomings(run: Run, summary: Summary, failures: Sequence[FailureReport]) -> tuple[str, ...]:
    """Return a sentence for each requested question without an answer; without any, the exit code is 0.

    An operating point that ran out of memory, or was skipped because a smaller one did, counts as an answer.

    Args:
        run: the run.
        summary: the summary of the run.
        failures: the failures of its contenders and points.
    """
    sentences = [*_ending(run), *_contenders(run, summary, failures), *_limits(run), *_bounds(summary)]
    return tuple(map(plain, sentences))


def _ending(run: Run) -> Iterator[str]:
    state = state_of(run)
    if state == "complete":
        return
    why = f": {run.closing.reason}" if run.closing is not None and run.closing.reason else ""
    yield f"the run was {state} before its end{why}"


def _contenders(run: Run, summary: Summary, failures: Sequence[FailureReport]) -> Iterator[str]:
    if run.header.options.race and summary.answer.recommended is not None:
        # Backends may propose configurations that do not run here; a winner answers the question.
        return
    out = {exclusion.contender: excluded_sentence(exclusion) for exclusion in excluded(summary.excluded)}
    for label in run.labels:
        of_contender = [failure for failure in failures if failure.contender == label]
        unanswered = [failure.sentence for failure in of_contender if failure.unanswered]
        if label not in out:
            yield from unanswered
        elif run.differs(label) is not None or unanswered or _nothing_came(run, of_contender):
            yield out[label]


def _nothing_came(run: Run, failures: Sequence[FailureReport]) -> bool:
    """Return whether the contender could run but has no figures, although the run is complete."""
    return state_of(run) == "complete" and any(failure.outcome == "measured" for failure in failures)


def _limits(run: Run) -> Iterator[str]:
    for limit in (*run.limits, *run.axis_limits):
        if isinstance(limit.failure, Unavailable):
            what = limit.axis if isinstance(limit, AxisLimit) else "batch"
            yield f"the search for the largest {what} of {limit.contender} ended early: it {outcome_words(limit.failure)}"


def _bounds(summary: Summary) -> Iterator[str]:
    for answer in summary.answers:
        if answer.bound is not None and answer.bound.best is None:
            yield from bound_sentences(answer.bound)
