"""When a comparison is settled: by the first look that settles it, if later restarts bear it out; and when it never will be."""

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
    """A verdict, and after how many restarts it was reached."""

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
    return not any(beyond(contrast, look.guard) for look in looks)
