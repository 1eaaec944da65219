"""What follows from how a point ended: one table over the outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, cast

if TYPE_CHECKING:
    from infer_compare.results.outcomes import AnyOutcome

OutcomeTag = Literal[
    "measured", "out_of_memory", "limit_reached", "timed_out", "died", "unavailable", "failed", "skipped"
]
"""As records, CSV and JSON tell outcomes apart."""


class OutcomeKind(NamedTuple):
    """What is the same for every outcome of a kind."""

    mark: str
    """In a cell of a table, for a point without figures."""
    ends_after: int = 0
    """So many in a row end the curve: a larger batch is not tried; 0 for never."""
    because: str = ""
    """What ended the curve, after its batch size."""
    is_open: bool = False
    """Whether a question stays open because of it. Running out of memory is an answer."""


OUTCOME_KINDS: dict[OutcomeTag, OutcomeKind] = {
    "measured": OutcomeKind("disturbed"),
    "out_of_memory": OutcomeKind("OOM", ends_after=1, because="ran out of memory"),
    "limit_reached": OutcomeKind("limit", ends_after=1, because="met a limit of the framework"),
    "timed_out": OutcomeKind("timeout", ends_after=1, because="did not finish in time", is_open=True),
    "died": OutcomeKind("died", ends_after=2, because="and the size before it failed", is_open=True),
    "unavailable": OutcomeKind("no server", ends_after=1, because="did not reach its server", is_open=True),
    "failed": OutcomeKind("failed", ends_after=2, because="and the size before it failed", is_open=True),
    "skipped": OutcomeKind("not run"),
}


def tag_of(outcome: AnyOutcome) -> OutcomeTag:
    """Return the word by which records and reports tell outcomes apart."""
    return cast("OutcomeTag", type(outcome).__struct_config__.tag)


def kind_of(outcome: AnyOutcome) -> OutcomeKind:
    """Return what is the same for every outcome of its kind."""
    return OUTCOME_KINDS[tag_of(outcome)]
