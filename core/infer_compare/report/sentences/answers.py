"""The answer in sentences: what is best, how certain that is, and what is best under a latency bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.sentences.verdicts import pair_sentence
from infer_compare.stats.wording import count, duration, listing, percent, rate, ratio, significant
from infer_compare.verdicts.looks import Verdict
from infer_compare.verdicts.protocol import TIE_SHARE

if TYPE_CHECKING:
    from infer_compare.verdicts import Answer, Best, BoundAnswer, BoundCheck


def sentences(answer: Answer) -> tuple[str, ...]:
    """Return the recommendation, then the verdicts, each contender's best, and the latency bound."""
    where = f"{listing([f'{name} {size}' for name, size in answer.axes])}: " if answer.axes else ""
    if answer.recommended is None:
        spoken = ["no contender was measured, so nothing is recommended"]
    else:
        spoken = [best_sentence(answer.recommended), *map(pair_sentence, answer.headline)]
        spoken += [
            best_sentence(best) for best in answer.by_contender if best.contender != answer.recommended.contender
        ]
    if answer.bound is not None:
        spoken += bound_sentences(answer.bound)
    return tuple(f"{where}{sentence}" for sentence in spoken)


def best_sentence(best: Best) -> str:
    """Return text such as `onnx does best at batch 32: 12,300 samples/s ±1.2 %, latency p50 2.59 ms, p95 2.71 ms (...)`."""
    figures = best.figures
    spread = "" if figures.spread is None else f" ±{significant(100 * figures.spread, 2)} %"
    confirmed = "confirmed by fresh rounds" if best.confirmed else "not confirmed by fresh rounds"
    how = "the only size measured" if best.only_size else confirmed
    edge = "; no larger size was measured" if best.largest_tried else ""
    return (
        f"{best.name} does best at {best.point}: {rate(figures.throughput)}{spread}, latency p50 "
        f"{duration(figures.latency_p50_ns)}, p95 {duration(figures.latency_p95_ns)} ({how}){_ties(best)}{edge}"
    )


def _ties(best: Best) -> str:
    others = [str(point) for point in best.tied if point != best.point]
    if not others:
        return ""
    verb, share = "gains" if len(others) == 1 else "gain", significant(100 * TIE_SHARE * best.margin, 2)
    why = "; the smaller batch is recommended" if best.point < max(best.tied) else ""
    return f"; {listing(others)} {verb} less than {share} %{why}"


def quotient_sentences(answer: Answer) -> list[str]:
    """Return an explanation of each ratio that differs from the quotient of the printed throughputs."""
    figures = {(best.contender, best.point): best.figures for best in answer.by_contender}
    spoken = []
    for pair in answer.headline:
        comparison = pair.comparison
        if comparison is None or pair.verdict not in {Verdict.FASTER, Verdict.SLOWER}:
            continue
        quotient = figures[pair.a.label, pair.a.point].throughput / figures[pair.b.label, pair.b.point].throughput
        printed, medians = (
            (comparison.ratio, quotient) if pair.verdict is Verdict.FASTER else (1 / comparison.ratio, 1 / quotient)
        )
        if ratio(printed) != ratio(medians):
            spoken.append(
                f"{pair.b.name}: {ratio(printed)}x is the mean over rounds in which both ran side by side; the "
                f"throughputs above are medians of each alone and give {ratio(medians)}x"
            )
    return spoken


def bound_words(bound: BoundAnswer) -> str:
    """Return `p95 within 20.0 ms`."""
    return f"p{bound.percentile:g} within {duration(bound.bound_ns)}"


def bound_sentences(bound: BoundAnswer) -> tuple[str, ...]:
    """Return the best under the bound and the largest size of each contender, or why no size is proven to keep the bound."""
    words = bound_words(bound)
    best = bound.best
    if best is None:
        if not bound.checks:
            return (f"{words}: none was shown to hold, since nothing was measured",)
        nearest = min(bound.checks, key=lambda check: (check.latency_ns, check.point))
        close = f"nearest is {nearest.name} at {nearest.point} with {duration(nearest.latency_ns)}"
        return (f"{words}: none was shown to hold; {close} ({evidence_words(nearest)})",)
    is_largest = ", the largest size shown to hold," if best in bound.largest else ""
    first = (
        f"{words}: {best.name} at {best.point}{is_largest} is best with {rate(best.throughput)}, "
        f"p{bound.percentile:g} {duration(best.latency_ns)} ({percent(bound.confidence)} sure: {evidence_words(best)})"
    )
    without = sorted({check.name for check in bound.checks} - {check.name for check in bound.largest})
    return (
        first,
        *(
            f"{words}: the largest size of {check.name} shown to hold is {check.point}, {rate(check.throughput)}"
            for check in bound.largest
            if check != best
        ),
        *(f"{words}: no size of {name} was shown to hold" for name in without),
    )


def evidence_words(check: BoundCheck) -> str:
    """Return text such as `3 of 512 calls above it, worth 2 of 312 independent ones`."""
    noun = "block of calls" if check.blocks else "call"
    nouns = "blocks of calls" if check.blocks else "calls"
    words = f"{check.over:,} of {check.calls:,} {noun if check.calls == 1 else nouns} above it"
    if check.calls_effective < check.calls:
        words += f", worth {check.over_effective:,} of {count(check.calls_effective, 'independent one')}"
    if check.holds or check.hopeless:
        return words
    if check.calls_effective >= check.calls_needed:
        return f"{words}; slower calls come in clusters, which shows too little"
    return f"{words}; {count(check.calls_needed, 'independent one')} would be needed"
