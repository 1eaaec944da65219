"""Reasons that exclude a contender from a comparison or the ranking, as facts; reports put them into words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.results.outcomes import AnyOutcome
from infer_compare.results.tuning import Dropped

if TYPE_CHECKING:
    from infer_compare.results import Agreement


class Obstacle(msgspec.Struct, frozen=True, kw_only=True, tag_field="why"):
    """The base class of all reasons; never instantiated itself."""


class OutputsDiffer(Obstacle, frozen=True, kw_only=True, tag="outputs_differ"):
    """The contender computes something else than the reference."""

    reference: str
    point: OperatingPoint
    reason: str = ""
    """As recorded with the comparison, if it was."""
    needed_rtol: float | None = None
    """The smallest relative tolerance under which the outputs would agree."""
    rtol: float
    """The tolerance that was allowed."""


class ClockWrong(Obstacle, frozen=True, kw_only=True, tag="clock_wrong"):
    """The contender's timing is implausible: it would mean more arithmetic than the machine can do."""

    point: OperatingPoint
    flops_per_s: float
    excess: float
    """As a multiple of the machine's fastest matrix product."""


class Ended(Obstacle, frozen=True, kw_only=True, tag="ended"):
    """The contender did not run, or not to the end."""

    outcome: AnyOutcome
    point: OperatingPoint | None = None
    """None for the whole contender."""


class OverBudget(Obstacle, frozen=True, kw_only=True, tag="over_budget"):
    """The contender kept more cores busy than its thread budget allows."""

    cores: float
    threads: int
    point: OperatingPoint | None = None


class Disturbed(Obstacle, frozen=True, kw_only=True, tag="disturbed"):
    """The gate rejected all slices of the contender."""


class NotTimed(Obstacle, frozen=True, kw_only=True, tag="not_timed"):
    """The contender ran while exploring, but no round was measured."""


class NotTried(Obstacle, frozen=True, kw_only=True, tag="not_tried"):
    """The contender was not run."""

    point: OperatingPoint | None = None


class LeftRace(Obstacle, frozen=True, kw_only=True, tag="left_race"):
    """The contender was dropped from a race before it was measured, or for its output error."""

    record: Dropped


AnyObstacle = OutputsDiffer | ClockWrong | Ended | OverBudget | Disturbed | NotTimed | NotTried | LeftRace


def differing(agreement: Agreement) -> OutputsDiffer:
    """Return the obstacle for a comparison in which outputs differ."""
    return OutputsDiffer(
        reference=agreement.reference,
        point=agreement.point,
        reason=agreement.reason,
        needed_rtol=max((output.needed_rtol for output in agreement.outputs), default=None),
        rtol=agreement.rtol,
    )
