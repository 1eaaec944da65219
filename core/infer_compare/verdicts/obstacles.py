"""What keeps a contender out of a comparison, or out of the ranking, as facts; reports put them into words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.results.outcomes import AnyOutcome
from infer_compare.results.tuning import Dropped

if TYPE_CHECKING:
    from infer_compare.results import Agreement


class Obstacle(msgspec.Struct, frozen=True, kw_only=True, tag_field="why"):
    """Base of the kinds; never made itself."""


class OutputsDiffer(Obstacle, frozen=True, kw_only=True, tag="outputs_differ"):
    """It computes something else than the reference."""

    reference: str
    point: OperatingPoint
    reason: str = ""
    """As the comparison recorded it; empty where it recorded none."""
    needed_rtol: float | None = None
    """The smallest relative tolerance under which the outputs would agree."""
    rtol: float
    """Allowed."""


class ClockWrong(Obstacle, frozen=True, kw_only=True, tag="clock_wrong"):
    """It is said to do more arithmetic than the machine can."""

    point: OperatingPoint
    flops_per_s: float
    excess: float
    """How many times the machine's fastest matrix product that is."""


class Ended(Obstacle, frozen=True, kw_only=True, tag="ended"):
    """It did not run, or not to the end."""

    outcome: AnyOutcome
    point: OperatingPoint | None = None
    """None for the whole contender."""


class OverBudget(Obstacle, frozen=True, kw_only=True, tag="over_budget"):
    """It kept more cores busy than its thread budget allows."""

    cores: float
    threads: int
    point: OperatingPoint | None = None


class Disturbed(Obstacle, frozen=True, kw_only=True, tag="disturbed"):
    """The gate rejected every slice."""


class NotTimed(Obstacle, frozen=True, kw_only=True, tag="not_timed"):
    """It ran while exploring, and no round was measured."""


class NotTried(Obstacle, frozen=True, kw_only=True, tag="not_tried"):
    """It was not run."""

    point: OperatingPoint | None = None


class LeftRace(Obstacle, frozen=True, kw_only=True, tag="left_race"):
    """It was dropped before it was measured, or its output error is too large."""

    record: Dropped


AnyObstacle = OutputsDiffer | ClockWrong | Ended | OverBudget | Disturbed | NotTimed | NotTried | LeftRace


def differing(agreement: Agreement) -> OutputsDiffer:
    """Return why outputs count as different."""
    return OutputsDiffer(
        reference=agreement.reference,
        point=agreement.point,
        reason=agreement.reason,
        needed_rtol=max((output.needed_rtol for output in agreement.outputs), default=None),
        rtol=agreement.rtol,
    )
