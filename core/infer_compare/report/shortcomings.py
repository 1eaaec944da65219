"""What was asked for and not answered: why the exit code is 1."""

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
    """How the run ended; one without a closing record was interrupted."""
    return run.closing.state if run.closing is not None else "interrupted"


def shortcomings(run: Run, summary: Summary, failures: Sequence[FailureReport]) -> tuple[str, ...]:
    """One sentence for each thing that was asked for and has no answer; none means exit code 0.

    An operating point that ran out of memory, or that was left out because a smaller one had, is an answer.

    Args:
        run: the run.
        summary: what was derived from it.
        failures: of its contenders and points.
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
        # Backends propose what may not run here; a winner answers what was asked.
        return
    out = {one.contender: excluded_sentence(one) for one in excluded(summary.excluded)}
    for label in run.labels:
        own = [one for one in failures if one.contender == label]
        unanswered = [one.sentence for one in own if one.unanswered]
        if label not in out:
            yield from unanswered
        elif run.differs(label) is not None or unanswered or _nothing_came(run, own):
            yield out[label]


def _nothing_came(run: Run, own: Sequence[FailureReport]) -> bool:
    """Whether the contender could run and has no figures, although the run came to its end."""
    return state_of(run) == "complete" and any(one.outcome == "measured" for one in own)


def _limits(run: Run) -> Iterator[str]:
    for limit in (*run.limits, *run.axis_limits):
        if isinstance(limit.failure, Unavailable):
            what = limit.axis if isinstance(limit, AxisLimit) else "batch"
            yield f"the search for the largest {what} of {limit.contender} ended early: it {outcome_words(limit.failure)}"


def _bounds(summary: Summary) -> Iterator[str]:
    for answer in summary.answers:
        if answer.bound is not None and answer.bound.best is None:
            yield from bound_sentences(answer.bound)
