"""Interim looks at a comparison after some restarts: the verdict that a look settles, or the rule that withholds it.

Looking repeatedly at growing data raises the rate of false positives. Equal contenders may be called different at any point in
1 % of runs; each look spends a part of that, divided by the points of the pair, by a t test over restart means whose variance is
moderated by the other points and a prior. Two early looks use a guard instead, for large differences at noisy points: every
clean round must show far more than noise explains.
"""

from __future__ import annotations

from enum import StrEnum
from math import log, log1p
from typing import TYPE_CHECKING

from infer_compare.verdicts.contrast import PairedRounds
from infer_compare.verdicts.evidence import Family
from infer_compare.verdicts.protocol import (
    EARLY_LOOKS,
    EARLY_ROUNDS,
    FAMILY_ERROR,
    GUARD,
    MARGIN,
    ONE_ROUND_ERROR,
    ORDINARY_RESTARTS,
    RESTARTS,
    SAME_RESTARTS,
    Look,
    error_of_look,
    last_look,
)
from infer_compare.verdicts.withheld import Shortfall

if TYPE_CHECKING:
    from infer_compare.verdicts.contrast import Contrast
    from infer_compare.verdicts.evidence import Evidence
    from infer_compare.verdicts.withheld import Rule


class Verdict(StrEnum):
    """The verdict on contender A compared with contender B."""

    FASTER = "faster"
    """A has the higher throughput: the interval excludes 1 and the difference exceeds the margin."""
    SLOWER = "slower"
    SAME = "same"
    """The interval is within the margin."""
    INCONCLUSIVE = "inconclusive"
    """None of these was shown."""
    INVALID = "invalid"
    """A comparison makes no sense: the outputs differ, or a contender did not run."""


def settled(
    contrast: Contrast,
    restarts: int,
    planned: int = RESTARTS["default"],
    *,
    family: Family | None = None,
    margin: float = MARGIN,
    last: bool | None = None,
    best: bool = False,
) -> Verdict | None:
    """Return FASTER, SLOWER or SAME if the look after some restarts settles the comparison; else None.

    Restarts without a clean round do not count. A direction needs a difference beyond the margin, and a p-value within the error
    that the look may spend, divided by the points of the pair; after two restarts every clean round must also exceed 1.15x.
    Alternatively a guard suffices: after two restarts, the 90 % interval beyond the margin and every clean round beyond 1.5x;
    after three, 95 % and 1.25x. SAME needs three restarts and the 95 % interval within the margin. If no restart has two clean
    rounds, or the contenders were measured apart, the variance between rounds is unknown, and before the fourth restart only
    the guards count.

    Args:
        contrast: the clean rounds; those of later restarts are ignored.
        restarts: number of restarts with clean rounds, including that of this look.
        planned: restarts of the run, over which the looks spread the error.
        family: the contrasts of the pair at all of its points; this one alone by default.
        margin: relative difference below which the two count as the same.
        last: whether no restart will follow; by default, whether the planned ones are done.
        best: whether it is the contrast of two best sizes. From the third restart on it is tested as a whole instead of as one of
            many points; the caller adjusts for the number of contenders.
    """
    decided = look(contrast, restarts, planned, family=family, margin=margin, last=last, best=best)
    return decided if isinstance(decided, Verdict) else None


def look(
    contrast: Contrast,
    restarts: int,
    planned: int = RESTARTS["default"],
    *,
    family: Family | None = None,
    margin: float = MARGIN,
    last: bool | None = None,
    best: bool = False,
) -> Verdict | Shortfall:
    """Return the verdict of the look after some restarts, or the rule that withholds it; see `settled`."""
    known = family or Family((contrast,))
    data = contrast.first(restarts)
    if data.restarts < min(EARLY_LOOKS):
        return Shortfall(rule="restarts")
    evidence = known.evidence(contrast, data.restarts)
    if evidence is None:
        return Shortfall(rule="restarts")
    final = data.restarts >= last_look(planned) if last is None else last
    error = error_of_look(data.restarts, planned, last=final)
    points = known.points(contrast, data.restarts)
    if best:
        error, points = FAMILY_ERROR if data.restarts >= SAME_RESTARTS else error, 1
    informed = isinstance(contrast, PairedRounds) and data.most > 1
    if not informed:
        error = min(error, ONE_ROUND_ERROR) if data.restarts >= ORDINARY_RESTARTS else 0.0
    # What is missing after so few restarts: another restart, or rounds that show their variance.
    none_yet: Rule = "restarts" if informed else "rounds"
    if abs(evidence.estimate.mean) <= log1p(margin):
        if not holds(Verdict.SAME, evidence, margin):
            return Shortfall(rule="margin")
        least = SAME_RESTARTS if informed else ORDINARY_RESTARTS
        within = data.restarts >= least and (final or error > 0)
        return Verdict.SAME if within else Shortfall(rule=none_yet)
    verdict = Verdict.FASTER if evidence.estimate.mean > 0 else Verdict.SLOWER
    if not holds(verdict, evidence, margin):
        return Shortfall(rule="interval")
    early = EARLY_LOOKS.get(data.restarts)
    if early is not None and guarded(data, early, margin):
        return verdict
    shown_early = data.restarts > min(EARLY_LOOKS) or (beyond(data, GUARD) and data.fewest >= EARLY_ROUNDS)
    if error <= 0 or not shown_early:
        return Shortfall(rule=none_yet)
    if evidence.p_value > error / points:
        return Shortfall(rule="error", p_value=evidence.p_value, allowed=error / points, compared=points)
    return verdict


def holds(verdict: Verdict, evidence: Evidence, margin: float) -> bool:
    """Return whether a ratio and its interval support a verdict.

    Args:
        verdict: FASTER, SLOWER or SAME; no other verdict is supported.
        evidence: of the contrast.
        margin: relative difference below which the two count as the same.
    """
    match verdict:
        case Verdict.FASTER:
            return evidence.ratio > 1 + margin and evidence.low > 1
        case Verdict.SLOWER:
            return evidence.ratio < 1 / (1 + margin) and evidence.high < 1
        case Verdict.SAME:
            return 1 / (1 + margin) < evidence.low and evidence.high < 1 + margin
        case _:
            return False


def guarded(data: Contrast, look: Look, margin: float) -> bool:
    """Return whether every clean round is beyond the guard of an early look in the same direction, and the interval beyond the margin.

    Args:
        data: the clean rounds up to that look.
        look: the guard.
        margin: relative difference below which the two count as the same.
    """
    half = data.half_width(look.confidence)
    return (
        half is not None
        and data.fewest >= look.rounds
        and beyond(data, look.guard)
        and abs(data.mean) - half > log1p(margin)
    )


def beyond(data: Contrast, guard: float) -> bool:
    """Return whether every clean round shows more than a ratio, in the same direction."""
    least, greatest = data.extremes
    return least > log(guard) or greatest < -log(guard)
