"""When a comparison is settled: looks after restarts, each of which may spend a part of the error allowed.

Looking several times at growing data raises false positives. One per cent of runs may call equal contenders different
at any point, and each look spends a part of that, divided by the points of the pair: by a t test over restart means
whose variance borrows from the other points and a prior. Beside it stand two looks that rest on a guard instead, for large
differences at points that scatter much: every clean round must show far more than noise explains.
"""

from __future__ import annotations

from enum import StrEnum
from math import log, log1p
from typing import TYPE_CHECKING

import msgspec

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
    STALLED_SHRINKAGE,
    Look,
    error_of_look,
    last_look,
)

if TYPE_CHECKING:
    from infer_compare.verdicts.contrast import Contrast
    from infer_compare.verdicts.evidence import Evidence


class Verdict(StrEnum):
    """What is said of A against B."""

    FASTER = "faster"
    """A has the higher throughput: the interval excludes 1 and the difference exceeds the margin."""
    SLOWER = "slower"
    SAME = "same"
    """The interval lies within the margin."""
    INCONCLUSIVE = "inconclusive"
    """Neither was shown."""
    INVALID = "invalid"
    """Nothing can be compared: the outputs differ, or one of them did not run."""


class Settlement(msgspec.Struct, frozen=True):
    """A verdict, and after how many restarts it was reached."""

    verdict: Verdict
    restarts: int


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
    """Return FASTER, SLOWER or SAME if the look after so many restarts settles it; else None.

    Restarts without a clean round do not count. A direction needs a difference beyond the margin and a p-value within
    what the look may spend, divided by the points of the pair; after two restarts every clean round must exceed
    1.15x besides. Or it needs a guard: after two restarts the 90 % interval beyond the margin and every clean round
    beyond 1.5x, after three 95 % and 1.25x. SAME needs three restarts and the 95 % interval within the margin. Where no
    restart has two clean rounds, or contenders were measured apart, nothing tells how much rounds scatter or what they
    share: before the fourth restart only the guards count then.

    Args:
        contrast: the clean rounds; those of later restarts are left out.
        restarts: done, with clean rounds, this look's included.
        planned: restarts of the run, by which the looks share the error.
        family: the contrasts of the pair at all of its points; this one alone by default.
        margin: relative difference below which the two count as the same.
        last: whether no restart will follow; by default, whether those planned are done.
        best: whether it is the contrast of two best sizes, which from the third restart on is tested as a whole and not as one
            of many points; who asks adjusts for the number of contenders.
    """
    known = family or Family((contrast,))
    data = contrast.first(restarts)
    if data.restarts < min(EARLY_LOOKS):
        return None
    evidence = known.evidence(contrast, data.restarts)
    if evidence is None:
        return None
    final = data.restarts >= last_look(planned) if last is None else last
    error = error_of_look(data.restarts, planned, last=final)
    points = known.points(contrast, data.restarts)
    if best:
        error, points = FAMILY_ERROR if data.restarts >= SAME_RESTARTS else error, 1
    informed = isinstance(contrast, PairedRounds) and data.most > 1
    if not informed:
        error = min(error, ONE_ROUND_ERROR) if data.restarts >= ORDINARY_RESTARTS else 0.0
    if abs(evidence.estimate.mean) <= log1p(margin):
        least = SAME_RESTARTS if informed else ORDINARY_RESTARTS
        within = data.restarts >= least and (final or error > 0) and holds(Verdict.SAME, evidence, margin)
        return Verdict.SAME if within else None
    verdict = Verdict.FASTER if evidence.estimate.mean > 0 else Verdict.SLOWER
    early = EARLY_LOOKS.get(data.restarts)
    shown = (
        error > 0
        and (data.restarts > min(EARLY_LOOKS) or (_beyond(data, GUARD) and data.fewest >= EARLY_ROUNDS))
        and evidence.p_value <= error / points
    )
    if (shown or (early is not None and guarded(data, early, margin))) and holds(verdict, evidence, margin):
        return verdict
    return None


def holds(verdict: Verdict, evidence: Evidence, margin: float) -> bool:
    """Return whether the ratio and its interval say what the verdict says; of a verdict other than these three, nothing.

    Args:
        verdict: FASTER, SLOWER or SAME.
        evidence: all that is known.
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


def first_settlement(
    contrast: Contrast,
    planned: int = RESTARTS["default"],
    *,
    family: Family | None = None,
    margin: float = MARGIN,
    ended: bool = False,
) -> Settlement | None:
    """Return what the looks after each restart settle, in their order: the first one that does.

    Args:
        contrast: all clean rounds so far.
        planned: restarts of the run.
        family: the contrasts of the pair at all of its points; this one alone by default.
        margin: relative difference below which the two count as the same.
        ended: whether no restart will follow, whatever was planned.
    """
    known = family or Family((contrast,))
    for restarts in range(min(EARLY_LOOKS), contrast.restarts + 1):
        last = restarts >= last_look(planned) or (ended and restarts == contrast.restarts)
        verdict = settled(contrast, restarts, planned, family=known, margin=margin, last=last)
        if verdict is not None:
            return Settlement(verdict, restarts)
    return None


def settlement(
    contrast: Contrast,
    planned: int = RESTARTS["default"],
    *,
    family: Family | None = None,
    margin: float = MARGIN,
    ended: bool = False,
) -> Settlement | None:
    """Return what `first_settlement` finds, if all clean rounds together, those of later restarts too, still say so."""
    known = family or Family((contrast,))
    found = first_settlement(contrast, planned, family=known, margin=margin, ended=ended)
    if found is None or found.restarts == contrast.restarts:
        return found
    evidence = known.evidence(contrast)
    return found if evidence is not None and holds(found.verdict, evidence, margin) else None


def stalled(contrast: Contrast, family: Family | None = None) -> bool:
    """Whether the last restart, the fifth or a later one, shrank the interval by less than 5 % of itself."""
    if contrast.restarts <= ORDINARY_RESTARTS:
        return False
    known = family or Family((contrast,))
    now, before = known.evidence(contrast), known.evidence(contrast, contrast.restarts - 1)
    if now is None or before is None:
        return False
    return now.half_width > (1 - STALLED_SHRINKAGE) * before.half_width


def hopeless(contrast: Contrast, family: Family, to_come: int) -> bool:
    """Return whether the restarts that are still to come cannot settle it, whatever they show.

    Before the fourth restart only the guards decide where restarts have a single round at every point, and these ask
    every clean round, the past ones too. More rounds could then only sharpen a figure that gets no verdict.

    Args:
        contrast: all clean rounds so far.
        family: the contrasts of the pair at all of its points.
        to_come: restarts that are planned and not done.
    """
    reachable = contrast.restarts + to_come
    if reachable >= ORDINARY_RESTARTS or any(one.most > 1 for one in family.contrasts):
        return False
    # After two restarts the guarded look asks for two rounds in each.
    looks = [look for done, look in EARLY_LOOKS.items() if contrast.restarts < done <= reachable and look.rounds == 1]
    return not any(_beyond(contrast, look.guard) for look in looks)


def guarded(data: Contrast, look: Look, margin: float) -> bool:
    """Return whether every clean round lies beyond the guard of an early look, to one side, and its interval beyond the
    margin.

    Args:
        data: the clean rounds until that look.
        look: what must hold.
        margin: relative difference below which the two count as the same.
    """
    half = data.half_width(look.confidence)
    return (
        half is not None
        and data.fewest >= look.rounds
        and _beyond(data, look.guard)
        and abs(data.mean) - half > log1p(margin)
    )


def _beyond(data: Contrast, guard: float) -> bool:
    """Whether every clean round shows more than that ratio in the same direction."""
    least, greatest = data.extremes
    return least > log(guard) or greatest < -log(guard)
