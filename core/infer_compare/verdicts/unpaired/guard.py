"""The guard of `--fail-on-regression`: whether a loss of throughput is proven, for each contender at its best size."""

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
"""`regression`: a loss beyond the limit is proven; `kept`: it is shown to be within the limit; `undecided`: neither; `untested`."""


class Guarded(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one contender, at the size at which it is tested."""

    contender: str
    point: OperatingPoint
    state: State
    adjusted_p: float | None
    """P-value of the hypothesis that there is no loss beyond the limit, by Holm's method over all tests; None if untested."""
    leads: bool = False
    """Whether it is the best of the base."""
    sentence: str = ""
    """The state in words; filled in by a report."""


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """A best contender of the base for which the new run has no figures."""

    contender: str
    point: OperatingPoint | None = None
    """None for the whole contender."""
    obstacle: AnyObstacle | None = None
    """None if the new run does not have the contender at all."""


class Guard(msgspec.Struct, frozen=True, kw_only=True):
    """The limit of a loss, and the result of testing it."""

    loss: float
    """Relative: 0.05 for 5 % of the base's throughput."""
    guarded: tuple[Guarded, ...]
    lost: tuple[Lost, ...] = ()
    untested: str = ""
    """Why nothing, or not the best contender of the base, could be tested; a sentence filled in by a report, empty otherwise."""

    @property
    def tripped(self) -> bool:
        """Whether a regression is proven for at least one contender."""
        return any(contender.state == "regression" for contender in self.guarded)


def guard(
    loss: float,
    bests: Sequence[PointComparison],
    contrasts: Sequence[Contrast],
    *,
    leaders: Collection[tuple[str, tuple[tuple[str, int], ...]]] = (),
    lost: Sequence[Lost] = (),
) -> Guard:
    """Test each contender for a regression, at one size only: every further test would make proofs harder.

    Args:
        loss: relative, above 0 and below 1.
        bests: the contenders at the sizes to test.
        contrasts: the contrast of each.
        leaders: the best contenders of the base, each with the sizes of the axes besides the batch.
        lost: leaders without figures in the new run.
    """
    tested = [
        place for place, best in enumerate(bests) if not best.differing and contrasts[place].difference is not None
    ]
    p_values = dict(zip(tested, holm([contrasts[place].p_regression(loss) for place in tested]), strict=True))
    guarded = tuple(
        Guarded(
            contender=best.contender,
            point=best.point,
            state=_state(best, loss, p_values.get(place)),
            adjusted_p=p_values.get(place),
            leads=(best.contender, best.point.axes) in leaders,
        )
        for place, best in enumerate(bests)
    )
    return Guard(loss=loss, guarded=guarded, lost=tuple(lost))


def _state(best: PointComparison, loss: float, p_value: float | None) -> State:
    if p_value is None or best.ratio.low is None:
        return "untested"
    if p_value <= 1 - CONFIDENCE:
        return "regression"
    return "kept" if best.ratio.low > 1 - loss else "undecided"
