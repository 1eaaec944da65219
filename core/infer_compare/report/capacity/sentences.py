"""What an answer about capacity says in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.capacity.phrases import (
    asks_for_a_rate,
    bound_words,
    configuration_words,
    deciding_percentile,
    machines_words,
    percentiles_of,
    range_words,
    rate_words,
    shown_prediction,
)
from infer_compare.report.phrases import axes_words
from infer_compare.report.price import money
from infer_compare.report.words import plain
from infer_compare.stats.wording import listing, percent, ratio, significant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.capacity.values import Capacity, ContenderCapacity, Prediction, Replayed
    from infer_compare.report.schema import Axes, Price


def answering(capacity: Capacity) -> ContenderCapacity | None:
    """Return the contender that is the answer; None where none can be."""
    best = capacity.contenders[0] if capacity.contenders else None
    return best if best is not None and _is_answer(capacity, best) else None


def headline(capacity: Capacity, price: Price | None = None, axes: Axes = ()) -> str:
    """Return what to use in one sentence, with the setting where the model has another free axis."""
    bound = f" {bound_words(capacity.bound)}" if capacity.bound is not None else ""
    setting = f" with {axes_words(axes)}" if axes else ""
    best = answering(capacity)
    if best is None or best.configuration is None:
        return _no_answer(capacity, f"{bound}{setting}")
    words = configuration_words(best.configuration)
    if capacity.load.rate is not None:
        machines = best.machines or best.configuration.machines
        cost = ""
        if best.cost_per_million is not None:
            cost = f"; {money(best.cost_per_million, price.currency if price else '')} per million requests"
        rate = rate_words(capacity.load.rate)
        return plain(f"{best.name} handles {rate}{bound}{setting} on {machines_words(machines)}: {words}{cost}.")
    assert best.highest is not None  # it is the answer
    where = bound or f" at {percent(best.highest.saturation_share)} of its saturation"
    return plain(f"{best.name} handles {rate_words(best.highest.rate)}{where}{setting}: {words}.")


def sentences(capacity: Capacity) -> Iterator[str]:
    """Yield what the headline rests on, how the others stand to it, and why some have no answer."""
    best = answering(capacity)
    if best is not None and (seen := shown_prediction(capacity, best)) is not None:
        where = "at this rate" if capacity.bound is not None or asks_for_a_rate(capacity) else "at that rate"
        yield plain(f"{best.name} {where}: {_seen_words(capacity, seen)}")
        if asks_for_a_rate(capacity) and best.highest is not None:
            yield plain(f"one machine handles up to {rate_words(best.highest.rate)} with {best.name}")
    rivals = [one for one in capacity.contenders[1:] if _is_answer(capacity, one)]
    if best is not None and rivals:
        yield plain(_rival_words(capacity, best, rivals[0]))
    for replayed in capacity.replayed:
        yield plain(_replay_words(capacity, replayed))
    for contender in capacity.contenders:
        if contender.why_not:
            yield plain(f"{contender.name}: {contender.why_not}")


def saturation_words(seen: Prediction) -> str:
    """Return such as `62 %`: the rate as a share of saturation."""
    return percent(seen.saturation_share)


def _is_answer(capacity: Capacity, contender: ContenderCapacity) -> bool:
    if contender.configuration is None:
        return False
    return contender.machines is not None if asks_for_a_rate(capacity) else contender.highest is not None


def _no_answer(capacity: Capacity, bound: str) -> str:
    if capacity.load.rate is not None:
        return f"No contender handles {rate_words(capacity.load.rate)}{bound}, on any number of machines."
    return f"No contender answers{bound}, at any rate." if bound else "No rate can be given for any contender."


def _seen_words(capacity: Capacity, seen: Prediction) -> str:
    latencies = [
        f"p{key} {range_words(seen.percentiles_s[key])} ms"
        for key in percentiles_of(capacity)
        if key in seen.percentiles_s
    ]
    return (
        f"{listing(latencies)}; {saturation_words(seen)} of saturation; {significant(seen.mean_batch, 2)} requests a batch on "
        f"average; waiting is {percent(seen.queue_share)} of the latency"
    )


def _rival_words(capacity: Capacity, best: ContenderCapacity, rival: ContenderCapacity) -> str:
    if asks_for_a_rate(capacity):
        machines = machines_words(rival.machines or 1)
        if best.cost_per_million is not None and rival.cost_per_million is not None:
            return f"next is {rival.name} on {machines}, at {ratio(rival.cost_per_million / best.cost_per_million)}x the cost"
        seen = shown_prediction(capacity, rival)
        key = deciding_percentile(capacity)
        estimate = seen.percentiles_s.get(key) if seen is not None else None
        return f"next is {rival.name} on {machines}" + (f", p{key} {range_words(estimate)} ms" if estimate else "")
    assert best.highest is not None  # both are answers
    assert rival.highest is not None
    return (
        f"next is {rival.name} with {rate_words(rival.highest.rate)} ({ratio(rival.highest.rate / best.highest.rate)}x)"
    )


def _replay_words(capacity: Capacity, replayed: Replayed) -> str:
    label, key = replayed.configuration.contender, deciding_percentile(capacity)
    name = next((own.name for own in capacity.contenders if own.contender == label), label)
    measured = replayed.percentiles_s.get(key)
    if measured is None:
        return f"replayed: {name} answered nothing"
    kept = ""
    if capacity.bound is not None:
        kept = ", within the bound" if measured <= capacity.bound.latency_s else ", which is not within the bound"
    unsteady = "" if replayed.pace.steady else "; the machine did not keep its speed meanwhile, so repeat it"
    rate = rate_words(replayed.predicted.rate)
    return f"replayed: {name} at {rate} measured p{key} {significant(measured * 1e3)} ms{kept}{unsteady}"
