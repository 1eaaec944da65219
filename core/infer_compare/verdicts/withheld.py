"""Why a verdict is withheld from two contenders that could have one, and what could give it, as facts."""

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
"""What stands in the way: no round of both; none that was clean; the interval holds 1; the difference is within the margin and
not shown to be; too few restarts; too few rounds in each; the error that one of several sizes may have; or one of several
contenders."""
Way = Literal["no_quick", "clean_restarts", "thorough", "quiet"]
"""What could give a verdict: a run without --quick; more restarts with clean rounds; --thorough; a quieter machine."""


class Shortfall(msgspec.Struct, frozen=True, kw_only=True):
    """How far a comparison is from the rule that withholds its verdict."""

    rule: Rule
    p_value: float | None = None
    """Of "they are equal", where the rule is about error."""
    allowed: float | None = None
    """What that had to be, at most."""
    compared: int = 1
    """The sizes, or the contenders, that share the error."""


class Withheld(msgspec.Struct, frozen=True, kw_only=True):
    """Which rule withholds the verdict, what is to blame, and what could give it."""

    shortfall: Shortfall
    early_restarts: int | None = None
    """After so many restarts there was a verdict, which the later ones do not bear out."""
    scatter: float | None = None
    """Of the ratio of a restart, where that hides a difference."""
    disturbance: float | None = None
    """By how much other programs widen the interval, where that hides a difference: relative."""
    ways: tuple[Way, ...] = ()
    culprit: str = ""
    """The foreign process that took most during a rejected slice."""


def withheld(
    shortfall: Shortfall,
    contrast: Contrast,
    mode: Mode,
    evidence: Evidence | None = None,
    *,
    margin: float = MARGIN,
    early_restarts: int | None = None,
) -> Withheld:
    """Return why there is no verdict, and what could give one.

    Args:
        shortfall: the rule that is not met.
        contrast: the clean rounds.
        mode: of the run.
        evidence: all that is known.
        margin: relative difference below which the two count as the same.
        early_restarts: after which there was a verdict that does not stand.
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
