"""The sentences of a comparison of two runs."""

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
    """Return the comparison with all reasons and sentences filled in, for files."""
    bests = tuple(map(_with_reason, comparison.bests))
    guard = comparison.guard
    if guard is not None:
        guarded = tuple(
            msgspec.structs.replace(guarded_point, sentence=_guarded_sentence(guarded_point, best, guard.loss))
            for guarded_point, best in zip(guard.guarded, bests, strict=True)
        )
        guard = msgspec.structs.replace(guard, guarded=guarded, untested=_untested(guard, bests))
    return msgspec.structs.replace(
        comparison,
        bests=bests,
        points=tuple(map(_with_reason, comparison.points)),
        missing=tuple(
            msgspec.structs.replace(contender, sentence=_missing_sentence(contender))
            for contender in comparison.missing
        ),
        guard=guard,
    )


def point_sentence(comparison: PointComparison) -> str:
    """Return text such as `onnx at batch 8 is slower than in the base: 0.83x the throughput [0.81, 0.85] (4 and 4 restarts)`."""
    subject = f"{comparison.name} at {comparison.point}"
    figure = f"{ratio_words(comparison.ratio)} {_grounds(comparison.ratio)}"
    match comparison.verdict:
        case Verdict.FASTER | Verdict.SLOWER:
            return f"{subject} is {comparison.verdict.value} than in the base: {figure}"
        case Verdict.SAME:
            return f"{subject} is the same as in the base within {percent(comparison.margin)}: {figure}"
        case Verdict.INCONCLUSIVE | Verdict.INVALID:
            return f"{subject} has no verdict: {figure}; {_reason(comparison)}"


def guard_sentence(guard: Guard) -> str:
    """Return the outcome of the guard, and how far it can be relied on."""
    states = [contender.state for contender in guard.guarded]
    limit = percent(guard.loss)
    if guard.tripped:
        return f"a loss of more than {limit} is proven for {_contenders(guard, {'regression'})}"
    if all(state == "kept" for state in states):
        return f"no contender lost more than {limit}"
    open_ones = _contenders(guard, {"undecided", "untested"})
    return f"no loss of more than {limit} is proven, and for {open_ones} it is not ruled out either"


def _contenders(guard: Guard, states: set[str]) -> str:
    """Return how many contenders are in one of these states at any setting of their other axes."""
    return count(len({contender.contender for contender in guard.guarded if contender.state in states}), "contender")


def ratio_words(measured: UnpairedRatio) -> str:
    """Return `0.83x the throughput [0.81, 0.85]`."""
    if measured.low is None or measured.high is None or measured.half_width is None:
        return f"{ratio(measured.ratio)}x the throughput"
    if measured.half_width > UNRESOLVED_HALF_WIDTH:
        return f"about {rough_ratio(measured.ratio)}x the throughput {interval_words(measured)}"
    return f"{ratio(measured.ratio)}x the throughput {interval_words(measured)}"


def interval_words(measured: UnpairedRatio) -> str:
    """Return the interval, such as `[0.81, 0.85]`; empty if there is none. Small ends keep two significant digits."""
    if measured.low is None or measured.high is None:
        return ""
    ends = [ratio(end) if end >= 0.1 else significant(end, 2) for end in (measured.low, measured.high)]
    return f"[{', '.join(ends)}]"


def _grounds(measured: UnpairedRatio) -> str:
    """Return the restarts of the base and the new run, such as `(4 and 3 restarts)`."""
    base, new = measured.restarts
    return f"({base} and {count(new, 'restart')})"


def _with_reason(comparison: PointComparison) -> PointComparison:
    return msgspec.structs.replace(comparison, reason=_reason(comparison))


def _reason(comparison: PointComparison) -> str:
    withheld = comparison.withheld
    if withheld is None:
        return ""
    match withheld.rule:
        case "conditions":
            return f"the conditions differ ({listing(comparison.differing)})"
        case "restarts":
            few = [
                f"{count(number, 'restart')} in the {which}"
                for which, number in zip(RUNS.values(), comparison.ratio.restarts, strict=True)
                if number < FEWEST_GROUPS
            ]
            return f"an interval needs two restarts with accepted slices in each run, and there is {listing(few)}"
        case "margin":
            ways = "a quieter machine and runs" if withheld.noisy else "runs"
            return (
                f"the interval reaches across the margin of {percent(comparison.margin)}; {ways} with more restarts could "
                "settle it"
            )
        case "contenders":
            return "among so many comparisons this one may be chance; runs with more restarts could show it"
        case _:
            assert_never(withheld.rule)


def _guarded_sentence(guarded: Guarded, comparison: PointComparison, loss: float) -> str:
    subject, limit = f"{comparison.name} at {comparison.point}", percent(loss)
    figure = f"{ratio_words(comparison.ratio)} {_grounds(comparison.ratio)}"
    match guarded.state:
        case "regression":
            return f"{subject} lost more than {limit}: {figure}"
        case "kept":
            return f"{subject} did not lose more than {limit}: {figure}"
        case "undecided":
            chance = comparison.ratio.high is not None and comparison.ratio.high < 1 - loss
            tail = "; among so many contenders it may be chance" if chance else ""
            return f"{subject}: a loss of more than {limit} is neither proven nor ruled out: {figure}{tail}"
        case "untested":
            return f"{subject} could not be tested: {_reason(comparison)}"
        case _:
            assert_never(guarded.state)


def _untested(guard: Guard, bests: tuple[PointComparison, ...]) -> str:
    """Return why the guard tested nothing, or not the base's best contender; empty if it tested that."""
    pairs = list(zip(guard.guarded, bests, strict=True))
    skipped = [(guarded, comparison) for guarded, comparison in pairs if guarded.state == "untested"]
    lost = list(map(_lost_words, guard.lost))
    if len(skipped) == len(bests):
        reasons = {_reason(comparison) for _, comparison in skipped}
        words = [
            _reason(comparison)
            if len(reasons) == 1
            else f"{comparison.name} at {comparison.point}: {_reason(comparison)}"
            for _, comparison in skipped
        ]
        return f"Nothing could be tested for a regression: {'; '.join(dict.fromkeys([*words, *lost]))}."
    untested = [
        f"{comparison.name} at {comparison.point}: {_reason(comparison)}"
        for guarded, comparison in skipped
        if guarded.leads
    ]
    if not untested and not lost:
        return ""
    return f"The best contender of the base could not be tested for a regression: {'; '.join([*lost, *untested])}."


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
    """Return why a run has no figures for a point, as a clause after `it`."""
    match obstacle:
        case NotTried():
            return "was not tried"
        case Disturbed():
            return "ran, and every slice was disturbed"
        case NotTimed():
            return "ran, and was not timed"
        case _:
            return obstacle_words(obstacle, "").strip()
