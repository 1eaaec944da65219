"""`--fail-on-regression`: whether a loss of throughput beyond a limit is proven, for each contender at its best size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.stats.holm import holm
from infer_compare.stats.wording import count, percent
from infer_compare.verdicts.protocol import CONFIDENCE
from infer_compare.verdicts.unpaired.points import grounds, ratio_words

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
    sentence: str


class Guard(msgspec.Struct, frozen=True, kw_only=True):
    """The limit, and what became of it."""

    loss: float
    """Relative: 0.05 for 5 % of the base's throughput."""
    guarded: tuple[Guarded, ...]
    untested: str = ""
    """Why nothing could be tested, or not the best contender of the base, as a sentence; empty where both could."""

    @property
    def tripped(self) -> bool:
        """Whether a regression is proven, for one contender or more."""
        return any(one.state == "regression" for one in self.guarded)

    def sentence(self) -> str:
        """The outcome, and how far it can be relied on."""
        states = [one.state for one in self.guarded]
        limit = percent(self.loss)
        if self.tripped:
            return f"a loss of more than {limit} is proven for {count(states.count('regression'), 'contender')}"
        if all(state == "kept" for state in states):
            return f"no contender lost more than {limit}"
        open_ones = count(states.count("undecided") + states.count("untested"), "contender")
        return f"no loss of more than {limit} is proven, and for {open_ones} it is not ruled out either"


def guard(
    loss: float,
    bests: Sequence[PointComparison],
    contrasts: Sequence[Contrast],
    *,
    leaders: Collection[tuple[str, tuple[tuple[str, int], ...]]] = (),
    lost: Sequence[str] = (),
) -> Guard:
    """Tests each contender at one size only: the more is tested, the more a proof would need.

    Args:
        loss: relative, above 0 and below 1.
        bests: the contenders at their guarded sizes.
        contrasts: theirs.
        leaders: the best contenders of the base, each with the sizes of the axes beside the batch.
        lost: for each of them that the new run has no figures of, who it is and why, as a clause.
    """
    tested = [place for place, one in enumerate(bests) if not one.differing and contrasts[place].difference is not None]
    p_values = dict(zip(tested, holm([contrasts[place].p_regression(loss) for place in tested]), strict=True))
    guarded = tuple(_guarded(one, loss, p_values.get(place)) for place, one in enumerate(bests))
    return Guard(loss=loss, guarded=guarded, untested=_untested(bests, guarded, leaders, lost))


def _untested(
    bests: Sequence[PointComparison],
    guarded: Sequence[Guarded],
    leaders: Collection[tuple[str, tuple[tuple[str, int], ...]]],
    lost: Sequence[str],
) -> str:
    """What a user who relies on the guard must know: it did not look at anything, or not at what counts most."""
    skipped = [one for one, found in zip(bests, guarded, strict=True) if found.state == "untested"]
    if len(skipped) == len(bests):
        reasons = {one.reason for one in skipped}
        told = [one.reason if len(reasons) == 1 else f"{one.name} at {one.point}: {one.reason}" for one in skipped]
        return f"Nothing could be tested for a regression: {'; '.join(dict.fromkeys([*told, *lost]))}."
    own = [f"{one.name} at {one.point}: {one.reason}" for one in skipped if (one.contender, one.point.axes) in leaders]
    if not own and not lost:
        return ""
    return f"The best contender of the base could not be tested for a regression: {'; '.join([*lost, *own])}."


def _guarded(one: PointComparison, loss: float, p_value: float | None) -> Guarded:
    state = _state(one, loss, p_value)
    subject, limit = f"{one.name} at {one.point}", percent(loss)
    figure = f"{ratio_words(one.ratio)} {grounds(one.ratio)}"
    match state:
        case "regression":
            told = f"{subject} lost more than {limit}: {figure}"
        case "kept":
            told = f"{subject} did not lose more than {limit}: {figure}"
        case "undecided":
            told = f"{subject}: a loss of more than {limit} is neither proven nor ruled out: {figure}"
            if one.ratio.high is not None and one.ratio.high < 1 - loss:
                told += "; among so many contenders it may be chance"
        case "untested":
            told = f"{subject} could not be tested: {one.reason}"
    return Guarded(contender=one.contender, point=one.point, state=state, adjusted_p=p_value, sentence=told)


def _state(one: PointComparison, loss: float, p_value: float | None) -> State:
    if p_value is None or one.ratio.low is None:
        return "untested"
    if p_value <= 1 - CONFIDENCE:
        return "regression"
    return "kept" if one.ratio.low > 1 - loss else "undecided"
