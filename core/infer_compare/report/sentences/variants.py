"""The gains of a lower precision, or of a split of the cores, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.stats.wording import count, duration, margin_words, ratio
from infer_compare.verdicts.looks import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.report.schema import Split
    from infer_compare.results import Limit
    from infer_compare.verdicts import PairVerdict


def gain_words(name: str, base: str, own: Limit, other: Limit, pair: PairVerdict | None, faster: float | None) -> str:
    """Return a sentence such as `onnx in int8 fits batch 1,423 where float32 fits 912 (1.56x), and is 2.40x faster at ...`.

    Args:
        name: the contender of the lower precision.
        base: the higher precision.
        own: the limit of that contender.
        other: the limit of the contender in the higher precision.
        pair: the verdict on their best batches, the lower precision as A.
        faster: the ratio of their throughputs, for the case that no verdict has one.
    """
    return f"{_fits(name, base, own, other)}{_speed(pair, faster)}"


def split_words(split: Split, *, alone: bool) -> str:
    """Return the words of a split, such as `2 instances of 1 thread`, or `2 threads` if no contender has several instances.

    Args:
        split: threads and instances.
        alone: whether no contender has several instances.
    """
    threads = count(split.threads, "thread")
    return threads if alone else f"{count(split.instances, 'instance')} of {threads}"


def split_sentence(backend: str, first: Split, other: Split, pair: PairVerdict | None, every: Sequence[Split]) -> str:
    """Return a sentence such as `onnx: 2 instances of 1 thread at batch 4 serve most samples: 1.08x over 1 instance of ...`.

    Args:
        backend: the backend of all splits.
        first: the split with the highest throughput.
        other: the split that it is compared with.
        pair: the verdict on the two, the first as A.
        every: all splits.
    """
    alone = all(split.instances == 1 for split in every)
    best, rival = (f"{split_words(split, alone=alone)}{_crowded(split)}" for split in (first, other))
    lead = pair.comparison.ratio if pair is not None and pair.comparison is not None else None
    p95, rival_p95 = duration(first.latency_p95_ns, 2), duration(other.latency_p95_ns, 2)
    place = f"{backend}: {best} at {first.point}"
    verb = "serves" if first.instances == 1 and (not alone or first.threads == 1) else "serve"
    if pair is not None and pair.verdict is Verdict.SAME:
        return (
            f"{place} {verb} as many samples as {rival} within {margin_words(pair.margin)}, "
            f"p95 {p95} instead of {rival_p95}"
        )
    if lead is not None and pair is not None and pair.verdict is Verdict.FASTER:
        return f"{place} {verb} most samples: {ratio(lead)}x over {rival}, p95 {p95} instead of {rival_p95}"
    measured = lead if lead is not None else first.throughput / other.throughput
    if measured <= 1:
        # In the common rounds the other split is not slower, unlike in the best figures.
        return (
            f"{place} {'is' if verb == 'serves' else 'are'} not shown to serve more samples than {rival}: {ratio(measured)}x in the rounds of both, "
            f"p95 {p95} instead of {rival_p95}"
        )
    return (
        f"{place} probably {verb} most samples: {ratio(measured)}x over {rival} is not confirmed, "
        f"p95 {p95} instead of {rival_p95}"
    )


def _fits(name: str, base: str, own: Limit, other: Limit) -> str:
    largest, least = own.largest_fitting, other.largest_fitting
    if largest is None:
        return f"{name} does not fit at all" if least is None else f"{name} does not fit, and {base} fits {least:,}"
    more = " or more" if own.smallest_failing is None else ""
    if least is None:
        return f"{name} fits batch {largest:,}{more} where {base} does not fit at all"
    if largest == least and not more:
        return f"{name} fits no larger batch than {base} ({least:,})"
    larger = "" if more else f" ({ratio(largest / least)}x)"
    return f"{name} fits batch {largest:,}{more} where {base} fits {least:,}{larger}"


def _speed(pair: PairVerdict | None, faster: float | None) -> str:
    if faster is None:
        return ""
    if pair is not None and pair.verdict is Verdict.SAME:
        return f", and is as fast within {margin_words(pair.margin)}"
    about = "" if pair is not None and pair.verdict in {Verdict.FASTER, Verdict.SLOWER} else "about "
    ending = "" if not about else " (not confirmed)"
    if faster >= 1:
        return f", and is {about}{ratio(faster)}x faster at its best batch{ending}"
    return f", but is {about}{ratio(1 / faster)}x slower at its best batch{ending}"


def _crowded(split: Split) -> str:
    if not split.oversubscribed:
        return ""
    return f" (oversubscribed: {count(split.threads * split.instances, 'thread')})"
