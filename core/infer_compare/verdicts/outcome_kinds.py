"""The consequences of each kind of outcome, in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, cast

if TYPE_CHECKING:
    from infer_compare.results.outcomes import AnyOutcome

OutcomeTag = Literal[
    "measured", "out_of_memory", "limit_reached", "timed_out", "died", "unavailable", "failed", "skipped"
]
"""The tags of outcomes in records, CSV and JSON."""


class OutcomeKind(NamedTuple):
    """The consequences of a kind of outcome."""

    mark: str
    """Text of a table cell for a point without figures."""
    ends_after: int = 0
    """How many such outcomes in a row end the curve, so that no larger batch is tried; 0 for never."""
    because: str = ""
    """Why the curve ended, as a clause after the batch size."""
    is_open: bool = False
    """Whether it leaves the question open. Running out of memory, for example, is an answer."""


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
    """Return the tag of an outcome in records and reports."""
    return cast("OutcomeTag", type(outcome).__struct_config__.tag)


def kind_of(outcome: AnyOutcome) -> OutcomeKind:
    """Return the kind of an outcome."""
    return OUTCOME_KINDS[tag_of(outcome)]
