"""Reasons for withholding a verdict on two contenders, and what could lead to one, as facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from infer_compare.verdicts.protocol import (
    MARGIN,
    NOISY_REJECTED_SHARE,
    NOISY_SCATTER,
    RESTARTS,
    SAME_RESTARTS,
    WIDE_ALLOWANCE,
)

if TYPE_CHECKING:
    from infer_compare.request.options import Mode
    from infer_compare.verdicts.contrast import Contrast
    from infer_compare.verdicts.evidence import Evidence

Rule = Literal["no_rounds", "no_clean_round", "interval", "margin", "restarts", "rounds", "error", "contenders"]
"""Why there is no verdict. `no_rounds`: no round of both; `no_clean_round`: none that was clean; `interval`: it includes 1;
`margin`: the estimate is within the margin, the interval is not; `restarts`: too few; `rounds`: too few in each restart; `error`:
the p-value exceeds the error that each of several sizes may have; `contenders`: the same for several contenders."""
Way = Literal["no_quick", "clean_restarts", "thorough", "quiet"]
"""What could lead to a verdict: a run without --quick; more restarts with clean rounds; --thorough; a quieter machine."""


class Shortfall(msgspec.Struct, frozen=True, kw_only=True):
    """The rule that withholds a verdict, and by how much it is missed."""

    rule: Rule
    p_value: float | None = None
    """Of the hypothesis that both are equally fast, if the rule is about error."""
    allowed: float | None = None
    """The largest p-value that would have sufficed."""
    compared: int = 1
    """Number of sizes or contenders that share the error."""


class Withheld(msgspec.Struct, frozen=True, kw_only=True):
    """The reasons for withholding a verdict, and what could lead to one."""

    shortfall: Shortfall
    early_restarts: int | None = None
    """Number of restarts after which there was a verdict that later restarts did not confirm."""
    scatter: float | None = None
    """Relative standard deviation of a restart's ratio, if it hides a difference."""
    disturbance: float | None = None
    """By how much other programs widen the interval, relatively, if that hides a difference."""
    ways: tuple[Way, ...] = ()
    culprit: str = ""
    """The foreign process that took most processor time during a rejected slice."""


def withheld(
    shortfall: Shortfall,
    contrast: Contrast,
    mode: Mode,
    evidence: Evidence | None = None,
    *,
    margin: float = MARGIN,
    early_restarts: int | None = None,
) -> Withheld:
    """Return why there is no verdict, and what could lead to one.

    Args:
        shortfall: the rule that is not met.
        contrast: the clean rounds.
        mode: of the run.
        evidence: of the contrast.
        margin: relative difference below which the two count as the same.
        early_restarts: number of restarts after which there was a verdict that was not confirmed.
    """
    noisy = evidence is not None and evidence.scatter is not None and evidence.scatter > NOISY_SCATTER
    disturbed = contrast.allowance > WIDE_ALLOWANCE * margin
    ways: list[Way] = []
    if mode == "quick":
        ways.append("no_quick")
    elif contrast.restarts < min(SAME_RESTARTS, RESTARTS[mode]):
        ways.append("clean_restarts")
    elif mode == "default":
        ways.append("thorough")
    if contrast.rejected > NOISY_REJECTED_SHARE or disturbed or not ways:
        ways.append("quiet")
    return Withheld(
        shortfall=shortfall,
        early_restarts=early_restarts,
        scatter=evidence.scatter if noisy and evidence is not None else None,
        disturbance=contrast.allowance if disturbed else None,
        ways=tuple(ways),
        culprit=contrast.culprit,
    )
