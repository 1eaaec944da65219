"""Settlement of comparisons: by the first look that settles one, if later restarts confirm it; or never."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.verdicts.evidence import Family
from infer_compare.verdicts.looks import Verdict, beyond, holds, settled
from infer_compare.verdicts.protocol import (
    EARLY_LOOKS,
    MARGIN,
    ORDINARY_RESTARTS,
    RESTARTS,
    STALLED_SHRINKAGE,
    last_look,
)

if TYPE_CHECKING:
    from infer_compare.verdicts.contrast import Contrast


class Settlement(msgspec.Struct, frozen=True):
    """A settled verdict, and the number of restarts after which it was reached."""

    verdict: Verdict
    restarts: int


def first_settlement(
    contrast: Contrast,
    planned: int = RESTARTS["default"],
    *,
    family: Family | None = None,
    margin: float = MARGIN,
    ended: bool = False,
) -> Settlement | None:
    """Return the verdict of the first look that settles a comparison; None if no look does.

    Args:
        contrast: all clean rounds so far.
        planned: restarts of the run.
        family: the contrasts of the pair at all of its points; this one alone by default.
        margin: relative difference below which the two count as the same.
        ended: whether no restart will follow, regardless of the plan.
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
    """Return the result of `first_settlement`, if all clean rounds, including those of later restarts, still support it."""
    known = family or Family((contrast,))
    first = first_settlement(contrast, planned, family=known, margin=margin, ended=ended)
    if first is None or first.restarts == contrast.restarts:
        return first
    evidence = known.evidence(contrast)
    return first if evidence is not None and holds(first.verdict, evidence, margin) else None


def stalled(contrast: Contrast, family: Family | None = None) -> bool:
    """Return whether the last restart, if it was the fifth or a later one, shrank the interval by less than 5 %."""
    if contrast.restarts <= ORDINARY_RESTARTS:
        return False
    known = family or Family((contrast,))
    now, before = known.evidence(contrast), known.evidence(contrast, contrast.restarts - 1)
    if now is None or before is None:
        return False
    return now.half_width > (1 - STALLED_SHRINKAGE) * before.half_width


def hopeless(contrast: Contrast, family: Family, to_come: int) -> bool:
    """Return whether the remaining restarts cannot settle a comparison, whatever they show.

    If restarts have a single round at every point, only the guards decide before the fourth restart, and they depend on all clean
    rounds, including past ones. More rounds would then only narrow the interval of a comparison that gets no verdict.

    Args:
        contrast: all clean rounds so far.
        family: the contrasts of the pair at all of its points.
        to_come: planned restarts that are not done.
    """
    reachable = contrast.restarts + to_come
    if reachable >= ORDINARY_RESTARTS or any(other.most > 1 for other in family.contrasts):
        return False
    # The guarded look after two restarts needs two rounds in each.
    looks = [look for done, look in EARLY_LOOKS.items() if contrast.restarts < done <= reachable and look.rounds == 1]
    return not any(beyond(contrast, look.guard) for look in looks)
