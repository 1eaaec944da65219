"""`--fail-on-regression`: whether a loss of throughput beyond a limit is proven, for each contender at its best size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.stats.holm import holm
from infer_compare.verdicts.obstacles import AnyObstacle
from infer_compare.verdicts.protocol import CONFIDENCE

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from infer_compare.verdicts.unpaired.points import PointComparison
    from infer_compare.verdicts.unpaired.ratio import Contrast

State = Literal["regression", "kept", "undecided", "untested"]
"""A proven loss beyond the limit; shown to be within it; neither; not tested at all."""


class Guarded(msgspec.Struct, frozen=True, kw_only=True):
    """One contender, at the size at which it is guarded."""

    contender: str
    point: OperatingPoint
    state: State
    adjusted_p: float | None
    """Of "no loss beyond the limit", by Holm's method over all that were tested; None where it was not."""
    leads: bool = False
    """Whether it is the best of the base."""
    sentence: str = ""
    """In words, which a report fills in."""


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """The best contender of the base, where the new run has no figures of it."""

    contender: str
    point: OperatingPoint | None = None
    """None for the whole contender."""
    obstacle: AnyObstacle | None = None
    """None where it is not in the new run at all."""


class Guard(msgspec.Struct, frozen=True, kw_only=True):
    """The limit, and what became of it."""

    loss: float
    """Relative: 0.05 for 5 % of the base's throughput."""
    guarded: tuple[Guarded, ...]
    lost: tuple[Lost, ...] = ()
    untested: str = ""
    """Why nothing could be tested, or not the best contender of the base, as a sentence that a report fills in; empty where
    both could."""

    @property
    def tripped(self) -> bool:
        """Whether a regression is proven, for one contender or more."""
        return any(one.state == "regression" for one in self.guarded)


def guard(
    loss: float,
    bests: Sequence[PointComparison],
    contrasts: Sequence[Contrast],
    *,
    leaders: Collection[tuple[str, tuple[tuple[str, int], ...]]] = (),
    lost: Sequence[Lost] = (),
) -> Guard:
    """Tests each contender at one size only: the more is tested, the more a proof would need.

    Args:
        loss: relative, above 0 and below 1.
        bests: the contenders at their guarded sizes.
        contrasts: theirs.
        leaders: the best contenders of the base, each with the sizes of the axes beside the batch.
        lost: those without figures in the new run.
    """
    tested = [place for place, one in enumerate(bests) if not one.differing and contrasts[place].difference is not None]
    p_values = dict(zip(tested, holm([contrasts[place].p_regression(loss) for place in tested]), strict=True))
    guarded = tuple(
        Guarded(
            contender=one.contender,
            point=one.point,
            state=_state(one, loss, p_values.get(place)),
            adjusted_p=p_values.get(place),
            leads=(one.contender, one.point.axes) in leaders,
        )
        for place, one in enumerate(bests)
    )
    return Guard(loss=loss, guarded=guarded, lost=tuple(lost))


def _state(one: PointComparison, loss: float, p_value: float | None) -> State:
    if p_value is None or one.ratio.low is None:
        return "untested"
    if p_value <= 1 - CONFIDENCE:
        return "regression"
    return "kept" if one.ratio.low > 1 - loss else "undecided"
