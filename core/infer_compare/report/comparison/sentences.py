"""What two runs say about each other, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

import msgspec

from infer_compare.report.sentences.outcomes import obstacle_words
from infer_compare.stats.welch import FEWEST_GROUPS
from infer_compare.stats.wording import count, listing, percent, ratio, rough_ratio, significant
from infer_compare.verdicts.looks import Verdict
from infer_compare.verdicts.obstacles import Disturbed, NotTimed, NotTried
from infer_compare.verdicts.protocol import UNRESOLVED_HALF_WIDTH

if TYPE_CHECKING:
    from infer_compare.verdicts.obstacles import AnyObstacle
    from infer_compare.verdicts.unpaired import (
        Guard,
        Guarded,
        Lost,
        Missing,
        PointComparison,
        RunComparison,
        UnpairedRatio,
    )

RUNS = {"base": "base", "new": "new run"}


def spoken(comparison: RunComparison) -> RunComparison:
    """Return the comparison with its reasons and sentences in words, for files."""
    bests = tuple(map(_with_reason, comparison.bests))
    guard = comparison.guard
    if guard is not None:
        guarded = tuple(
            msgspec.structs.replace(found, sentence=_guarded_sentence(found, best, guard.loss))
            for found, best in zip(guard.guarded, bests, strict=True)
        )
        guard = msgspec.structs.replace(guard, guarded=guarded, untested=_untested(guard, bests))
    return msgspec.structs.replace(
        comparison,
        bests=bests,
        points=tuple(map(_with_reason, comparison.points)),
        missing=tuple(msgspec.structs.replace(one, sentence=_missing_sentence(one)) for one in comparison.missing),
        guard=guard,
    )


def point_sentence(one: PointComparison) -> str:
    """Return such as `onnx at batch 8 is slower than in the base: 0.83x the throughput [0.81, 0.85] (4 and 4 restarts)`."""
    subject, figure = f"{one.name} at {one.point}", f"{ratio_words(one.ratio)} {_grounds(one.ratio)}"
    match one.verdict:
        case Verdict.FASTER | Verdict.SLOWER:
            return f"{subject} is {one.verdict.value} than in the base: {figure}"
        case Verdict.SAME:
            return f"{subject} is the same as in the base within {percent(one.margin)}: {figure}"
        case Verdict.INCONCLUSIVE | Verdict.INVALID:
            return f"{subject} has no verdict: {figure}; {_reason(one)}"


def guard_sentence(guard: Guard) -> str:
    """Return the outcome of the guard, and how far it can be relied on."""
    states = [one.state for one in guard.guarded]
    limit = percent(guard.loss)
    if guard.tripped:
        return f"a loss of more than {limit} is proven for {_contenders(guard, {'regression'})}"
    if all(state == "kept" for state in states):
        return f"no contender lost more than {limit}"
    open_ones = _contenders(guard, {"undecided", "untested"})
    return f"no loss of more than {limit} is proven, and for {open_ones} it is not ruled out either"


def _contenders(guard: Guard, states: set[str]) -> str:
    """How many contenders are in one of these states at any setting of their other axes."""
    return count(len({one.contender for one in guard.guarded if one.state in states}), "contender")


def ratio_words(found: UnpairedRatio) -> str:
    """Return `0.83x the throughput [0.81, 0.85]`."""
    if found.low is None or found.high is None or found.half_width is None:
        return f"{ratio(found.ratio)}x the throughput"
    if found.half_width > UNRESOLVED_HALF_WIDTH:
        return f"about {rough_ratio(found.ratio)}x the throughput {interval_words(found)}"
    return f"{ratio(found.ratio)}x the throughput {interval_words(found)}"


def interval_words(found: UnpairedRatio) -> str:
    """Return `[0.81, 0.85]`; nothing where there is none. Small ends keep their digits: 0.0021 is not 0.00."""
    if found.low is None or found.high is None:
        return ""
    ends = [ratio(end) if end >= 0.1 else significant(end, 2) for end in (found.low, found.high)]
    return f"[{', '.join(ends)}]"


def _grounds(found: UnpairedRatio) -> str:
    """`(4 and 3 restarts)`: of the base, of the new run."""
    base, new = found.restarts
    return f"({base} and {count(new, 'restart')})"


def _with_reason(one: PointComparison) -> PointComparison:
    return msgspec.structs.replace(one, reason=_reason(one))


def _reason(one: PointComparison) -> str:
    withheld = one.withheld
    if withheld is None:
        return ""
    match withheld.rule:
        case "conditions":
            return f"the conditions differ ({listing(one.differing)})"
        case "restarts":
            few = [
                f"{count(number, 'restart')} in the {which}"
                for which, number in zip(RUNS.values(), one.ratio.restarts, strict=True)
                if number < FEWEST_GROUPS
            ]
            return f"an interval needs two restarts with accepted slices in each run, and there is {listing(few)}"
        case "margin":
            ways = "a quieter machine and runs" if withheld.noisy else "runs"
            return (
                f"the interval reaches across the margin of {percent(one.margin)}; {ways} with more restarts could "
                "settle it"
            )
        case "contenders":
            return "among so many comparisons this one may be chance; runs with more restarts could show it"
        case _:
            assert_never(withheld.rule)


def _guarded_sentence(guarded: Guarded, one: PointComparison, loss: float) -> str:
    subject, limit = f"{one.name} at {one.point}", percent(loss)
    figure = f"{ratio_words(one.ratio)} {_grounds(one.ratio)}"
    match guarded.state:
        case "regression":
            return f"{subject} lost more than {limit}: {figure}"
        case "kept":
            return f"{subject} did not lose more than {limit}: {figure}"
        case "undecided":
            chance = one.ratio.high is not None and one.ratio.high < 1 - loss
            tail = "; among so many contenders it may be chance" if chance else ""
            return f"{subject}: a loss of more than {limit} is neither proven nor ruled out: {figure}{tail}"
        case "untested":
            return f"{subject} could not be tested: {_reason(one)}"
        case _:
            assert_never(guarded.state)


def _untested(guard: Guard, bests: tuple[PointComparison, ...]) -> str:
    """What a user who relies on the guard must know: it did not look at anything, or not at what counts most."""
    pairs = list(zip(guard.guarded, bests, strict=True))
    skipped = [(found, one) for found, one in pairs if found.state == "untested"]
    lost = list(map(_lost_words, guard.lost))
    if len(skipped) == len(bests):
        reasons = {_reason(one) for _, one in skipped}
        words = [
            _reason(one) if len(reasons) == 1 else f"{one.name} at {one.point}: {_reason(one)}" for _, one in skipped
        ]
        return f"Nothing could be tested for a regression: {'; '.join(dict.fromkeys([*words, *lost]))}."
    own = [f"{one.name} at {one.point}: {_reason(one)}" for found, one in skipped if found.leads]
    if not own and not lost:
        return ""
    return f"The best contender of the base could not be tested for a regression: {'; '.join([*lost, *own])}."


def _lost_words(lost: Lost) -> str:
    if lost.obstacle is None:
        return f"{lost.contender} is not in the new run"
    if lost.point is None:
        return f"{lost.contender}: in the new run {obstacle_words(lost.obstacle)}"
    return f"{lost.contender} at {lost.point}: in the new run it {_without(lost.obstacle)}"


def _missing_sentence(missing: Missing) -> str:
    if not missing.obstacles:
        return f"{missing.contender} is in the {RUNS[missing.measured_in]} only"
    if not missing.points:
        words = "; ".join(f"in the {RUNS[which]} {obstacle_words(obstacle)}" for which, obstacle in missing.obstacles)
        return f"{missing.contender} is not compared: {words}"
    where = listing([str(point) for point in missing.points])
    ((which, obstacle),) = missing.obstacles
    return (
        f"{missing.contender} at {where} was measured in the {RUNS[missing.measured_in]}, and in the {RUNS[which]} it "
        f"{_without(obstacle)}"
    )


def _without(obstacle: AnyObstacle) -> str:
    """Why a run has no figures of a point, after `it`."""
    match obstacle:
        case NotTried():
            return "was not tried"
        case Disturbed():
            return "ran, and every slice was disturbed"
        case NotTimed():
            return "ran, and was not timed"
        case _:
            return obstacle_words(obstacle, "").strip()
