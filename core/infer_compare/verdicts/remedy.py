"""Why there is no verdict, and what could give one, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.stats.wording import significant
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


def remedy(contrast: Contrast, mode: Mode, evidence: Evidence | None = None, *, margin: float = MARGIN) -> str:
    """Return why there is no verdict, where one cause can be named, and what could give one.

    Args:
        contrast: the clean rounds.
        mode: of the run.
        evidence: all that is known.
        margin: relative difference below which the two count as the same.
    """
    causes: list[str] = []
    if evidence is not None and evidence.scatter is not None and evidence.scatter > NOISY_SCATTER:
        causes.append(scatter_words(evidence.scatter))
    disturbed = contrast.allowance > WIDE_ALLOWANCE * margin
    if disturbed:
        causes.append(f"other programs widen the interval by {significant(100 * contrast.allowance, 2)} %")
    ways: list[str] = []
    if mode == "quick":
        ways.append("a run without --quick")
    elif contrast.restarts < min(SAME_RESTARTS, RESTARTS[mode]):
        ways.append("more restarts with clean rounds")
    elif mode == "default":
        ways.append("more restarts (--thorough)")
    if contrast.rejected > NOISY_REJECTED_SHARE or disturbed or not ways:
        ways.append(f"a quieter machine ({contrast.culprit})" if contrast.culprit else "a quieter machine")
    advice = f"{' and '.join(ways)} could settle it"
    return "; ".join([" and ".join(causes), advice]) if causes else advice


def scatter_words(scatter: float) -> str:
    """Return how far apart restarts lie, as part of a sentence."""
    return f"restarts scatter by {significant(100 * scatter, 2)} %"
