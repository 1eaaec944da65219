"""Verdicts on two contenders, in sentences and cells, and why a verdict is withheld."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

import msgspec

from infer_compare.report.sentences.outcomes import obstacle_words
from infer_compare.report.words import plain
from infer_compare.stats.wording import count, margin_words, percent, ratio, rough_ratio, significant
from infer_compare.verdicts.looks import Verdict
from infer_compare.verdicts.obstacles import ClockWrong, OutputsDiffer
from infer_compare.verdicts.protocol import MARGIN, NOISY_SCATTER, UNRESOLVED_HALF_WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infer_compare.verdicts import Comparison, PairVerdict
    from infer_compare.verdicts.pairs import Hindered
    from infer_compare.verdicts.withheld import Shortfall, Way, Withheld

WAYS: dict[Way, str] = {
    "no_quick": "a run without --quick",
    "clean_restarts": "more restarts with clean rounds",
    "thorough": "more restarts (--thorough)",
    "quiet": "a quieter machine",
}


def pair_sentence(pair: PairVerdict) -> str:
    """Return the verdict in one sentence, with the faster contender as its subject."""
    a, b = _names(pair)
    comparison = pair.comparison
    if pair.verdict is Verdict.INVALID or comparison is None:
        return f"{a} and {b} cannot be compared: {reason_words(pair)}"
    margin = "" if pair.margin == MARGIN else f"margin {margin_words(pair.margin)}"
    scatter = "" if comparison.scatter is None or comparison.scatter <= NOISY_SCATTER else _scatter(comparison.scatter)
    match pair.verdict:
        case Verdict.FASTER:
            return _difference(a, b, comparison, margin, scatter)
        case Verdict.SLOWER:
            return _difference(b, a, comparison.turned(), margin, scatter)
        case Verdict.SAME:
            return (
                f"no difference beyond {margin_words(pair.margin)} between {a} and {b}: {_figure(comparison, scatter)}"
            )
        case Verdict.INCONCLUSIVE:
            if pair.leans:
                fast, slow, turned = (a, b, comparison) if comparison.ratio > 1 else (b, a, comparison.turned())
                figure = f"{ratio(turned.ratio)}x{interval(turned)} {_grounds(turned, margin)}"
                return f"{fast} against {slow}: measured {figure}; not confirmed, because {reason_words(pair)}"
            # An interval that excludes 1 shows a difference, but not one beyond the margin.
            beyond = "" if comparison.includes(1.0) else f" beyond {margin_words(pair.margin)}"
            figure = _figure(comparison, "" if beyond else margin)
            return f"no difference{beyond} shown between {a} and {b}: {figure}; {reason_words(pair)}"


def brief(pair: PairVerdict) -> str:
    """Return the verdict in one short line with its interval, for the runner-up of an answer."""
    a, b = f"{pair.a.name} at {pair.a.point}", f"{pair.b.name} at {pair.b.point}"
    comparison = pair.comparison
    if pair.verdict is Verdict.INVALID or comparison is None:
        return f"not compared with {b}"
    match pair.verdict:
        case Verdict.FASTER:
            return f"{_times(comparison)}faster than {b}{interval(comparison)}"
        case Verdict.SLOWER:
            return f"{b} is {_times(comparison.turned())}faster than {a}{interval(comparison.turned())}"
        case Verdict.SAME:
            return f"as fast as {b} within {margin_words(pair.margin)}{interval(comparison)}"
        case Verdict.INCONCLUSIVE:
            ending = "not confirmed" if pair.leans else "no difference confirmed"
            return f"measured {ratio(comparison.ratio)}x the throughput of {b}{interval(comparison)}; {ending}"


def reason_words(pair: PairVerdict) -> str:
    """Return why the two cannot be compared, or why there is no verdict; empty if there is one."""
    if pair.hindered is not None:
        return _hindered(pair.hindered)
    return "" if pair.withheld is None else withheld_words(pair.withheld)


def spoken(pairs: Iterable[PairVerdict]) -> tuple[PairVerdict, ...]:
    """Return the verdicts with their reasons in words, for files."""
    return tuple(msgspec.structs.replace(pair, reason=plain(reason_words(pair))) for pair in pairs)


def withheld_words(withheld: Withheld) -> str:
    """Return which rule withholds a verdict, the causes as far as known, and what could give a verdict."""
    rule = withheld.shortfall.rule
    if rule == "no_rounds":
        return "no round of both was measured"
    if rule == "no_clean_round":
        who = f" ({withheld.culprit})" if withheld.culprit else ""
        return f"there is no clean round of both; a quieter machine{who} or fewer threads could show a difference"
    causes = [_scatter(withheld.scatter)] if withheld.scatter is not None else []
    if withheld.disturbance is not None:
        causes.append(f"other programs widen the interval by {significant(100 * withheld.disturbance, 2)} %")
    ways = [WAYS[way] for way in withheld.ways]
    if withheld.culprit and "quiet" in withheld.ways:
        ways[-1] = f"{ways[-1]} ({withheld.culprit})"
    parts = [
        f"later restarts do not bear out what the first {withheld.early_restarts} showed"
        if withheld.early_restarts is not None
        else "",
        _rule(withheld.shortfall),
        " and ".join(causes),
        f"{' and '.join(ways)} could settle it",
    ]
    return "; ".join(part for part in parts if part)


def _rule(shortfall: Shortfall) -> str:
    """Return the requirement of a verdict that this comparison does not meet."""
    match shortfall.rule:
        case "no_rounds" | "no_clean_round":
            return "no clean round of both"
        case "interval" | "margin":
            # The previous clause already says that no difference was shown, or none beyond the margin.
            return ""
        case "restarts":
            return "a verdict needs more restarts"
        case "rounds":
            return "a verdict needs several clean rounds in each restart, or a fourth restart"
        case "error" | "contenders":
            needs = f"p ≤ {significant(shortfall.allowed or 0.0, 2)}"
            shared = {"error": "sizes", "contenders": "contenders"}[shortfall.rule]
            among = f" for one of {shortfall.compared} {shared}" if shortfall.compared > 1 else ""
            return f"a verdict needs {needs}{among}, and this has p = {significant(shortfall.p_value or 0.0, 2)}"
        case _:
            assert_never(shortfall.rule)


def against(pair: PairVerdict) -> str:
    """Return the verdict as a statement about B against the recommended A, in a few words."""
    comparison = pair.comparison
    match pair.verdict:
        case Verdict.INVALID:
            return "not comparable"
        case Verdict.INCONCLUSIVE:
            return "not confirmed" if pair.leans else "no difference shown"
        case Verdict.SAME:
            return f"same within {margin_words(pair.margin)}"
        case Verdict.FASTER:
            return f"{_times(comparison)}slower"
        case Verdict.SLOWER:
            return f"{_times(comparison.turned() if comparison else None)}faster"


def _names(pair: PairVerdict) -> tuple[str, str]:
    if pair.a.point == pair.b.point and pair.a.label != pair.b.label:
        return pair.a.name, pair.b.name
    return f"{pair.a.name} at {pair.a.point}", f"{pair.b.name} at {pair.b.point}"


def _hindered(hindered: Hindered) -> str:
    words = obstacle_words(hindered.obstacle, hindered.name)
    if isinstance(hindered.obstacle, OutputsDiffer | ClockWrong):
        return f"{hindered.name} is not ranked, {words}"
    return words


def _times(comparison: Comparison | None) -> str:
    if comparison is None:
        return ""
    if comparison.half_width is not None and comparison.half_width > UNRESOLVED_HALF_WIDTH:
        return f"roughly {rough_ratio(comparison.ratio)}x "
    return f"{ratio(comparison.ratio)}x "


def _difference(fast: str, slow: str, comparison: Comparison, *further: str) -> str:
    if comparison.half_width is not None and comparison.half_width > UNRESOLVED_HALF_WIDTH:
        rough = rough_ratio(comparison.ratio)
        return f"{fast} is roughly {rough}x faster than {slow}{interval(comparison)} {_grounds(comparison, *further)}"
    return f"{fast} is {ratio(comparison.ratio)}x faster than {slow}{interval(comparison)} {_grounds(comparison, *further)}"


def _figure(comparison: Comparison, *further: str) -> str:
    return f"ratio {ratio(comparison.ratio)}{interval(comparison)} {_grounds(comparison, *further)}"


def interval(comparison: Comparison) -> str:
    """Return the interval with a leading space, such as ` [2.84, 3.06]`; empty if there is none."""
    if comparison.low is None or comparison.high is None:
        return ""
    return f" [{ratio(comparison.low)}, {ratio(comparison.high)}]"


def _grounds(comparison: Comparison, *further: str) -> str:
    """Return the basis of a figure in parentheses: restarts, rejected slices, and further remarks."""
    parts = [
        count(comparison.rounds, "round"),
        count(comparison.restarts, "restart"),
        f"{percent(comparison.rejected)} of slices rejected",
        "" if comparison.paired else "measured in separate groups",
        *further,
    ]
    return f"({', '.join(part for part in parts if part)})"


def _scatter(scatter: float) -> str:
    return f"restarts scatter by {significant(100 * scatter, 2)} %"
