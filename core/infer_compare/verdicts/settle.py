"""When a comparison is settled: looks after restarts only, early ones with a guard, SAME late.

Looking several times at growing data raises false positives (8 % for naive looks at 95 %). The early looks therefore
ask for more than an interval: every clean round must show the difference, and a large one. Simulated, the rule's false
positives equal those of a single look after four restarts.
"""

from __future__ import annotations

from enum import StrEnum
from math import log, log1p
from typing import TYPE_CHECKING

import msgspec

from infer_compare.verdicts.protocol import (
    CONFIDENCE,
    EARLY_LOOKS,
    MARGIN,
    ORDINARY_RESTARTS,
    RESTARTS,
    STALLED_SHRINKAGE,
    Look,
    Mode,
)

if TYPE_CHECKING:
    from infer_compare.verdicts.contrast import Contrast


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
    contrast: Contrast, looks_done: int, mode: Mode = "default", *, margin: float = MARGIN, final: bool | None = None
) -> Verdict | None:
    """FASTER, SLOWER or SAME if one look, after that many restarts, settles it; else None.

    After 2 restarts: the 90 % interval lies beyond the margin, every clean round shows more than 1.5x in that
    direction, and each restart has two clean rounds or more. After 3: 95 % and 1.25x. After 4: the ordinary 95 % rule,
    and SAME if the interval lies within the margin. Later looks are taken only at the end. Restarts without a clean
    round do not count.

    Args:
        contrast: the clean rounds; those of later restarts are left out.
        looks_done: restarts done, this look's included.
        mode: decides how many restarts are planned, and so whether this look is the last.
        margin: relative difference below which the two count as the same.
        final: whether no restart will follow; by default, whether the restarts of the mode are done.
    """
    data = contrast.first(looks_done)
    last = looks_done >= RESTARTS[mode] if final is None else final
    if data.restarts < min(EARLY_LOOKS):
        return None
    if data.restarts < ORDINARY_RESTARTS:
        return _early(data, EARLY_LOOKS[data.restarts], margin)
    if data.restarts == ORDINARY_RESTARTS or last:
        return _ordinary(data, margin)
    return None


def settlement(
    contrast: Contrast, mode: Mode = "default", *, margin: float = MARGIN, ended: bool = False
) -> Settlement | None:
    """What the looks after each restart so far settle, in their order: the first one that settles decides.

    Args:
        contrast: all clean rounds so far.
        mode: of the run.
        margin: relative difference below which the two count as the same.
        ended: whether no restart will follow, whatever was planned.
    """
    for restarts in range(min(EARLY_LOOKS), contrast.restarts + 1):
        last = restarts == RESTARTS[mode] or (ended and restarts == contrast.restarts)
        verdict = settled(contrast, restarts, mode, margin=margin, final=last)
        if verdict is not None:
            return Settlement(verdict, restarts)
    return None


def stalled(contrast: Contrast, confidence: float = CONFIDENCE) -> bool:
    """Whether the last restart, the fifth or a later one, shrank the interval by less than 5 % of itself."""
    if contrast.restarts <= ORDINARY_RESTARTS:
        return False
    now, before = contrast.half_width(confidence), contrast.first(contrast.restarts - 1).half_width(confidence)
    return now is not None and before is not None and now > (1 - STALLED_SHRINKAGE) * before


def hopeless(contrast: Contrast, to_come: int) -> bool:
    """Whether the restarts that are still to come cannot settle it, whatever they show.

    Before the fourth restart only the early looks decide, and these ask every clean round, the past ones too, for more
    than their guard. More rounds could then only sharpen a figure that gets no verdict.

    Args:
        contrast: all clean rounds so far.
        to_come: restarts that are planned and not done.
    """
    reachable = contrast.restarts + to_come
    if reachable >= ORDINARY_RESTARTS:
        return False
    least, greatest = contrast.extremes
    guards = [log(look.guard) for restarts, look in EARLY_LOOKS.items() if contrast.restarts < restarts <= reachable]
    return all(least <= guard and greatest >= -guard for guard in guards)


def _early(data: Contrast, look: Look, margin: float) -> Verdict | None:
    half = data.half_width(look.confidence)
    if half is None or data.fewest < look.rounds:
        return None
    least, greatest = data.extremes
    if data.mean - half > log1p(margin) and least > log(look.guard):
        return Verdict.FASTER
    if data.mean + half < -log1p(margin) and greatest < -log(look.guard):
        return Verdict.SLOWER
    return None


def _ordinary(data: Contrast, margin: float) -> Verdict | None:
    half = data.half_width(CONFIDENCE)
    if half is None:
        return None
    low, high = data.mean - half, data.mean + half
    if low > 0 and data.mean > log1p(margin):
        return Verdict.FASTER
    if high < 0 and data.mean < -log1p(margin):
        return Verdict.SLOWER
    if -log1p(margin) < low and high < log1p(margin):
        return Verdict.SAME
    return None
