"""What sentences and tables about capacity say in the same few words."""

from __future__ import annotations

from math import isinf
from typing import TYPE_CHECKING

from infer_compare.capacity import predict
from infer_compare.capacity.predict import percentile_key
from infer_compare.stats.wording import count, ratio, significant

if TYPE_CHECKING:
    from infer_compare.capacity.values import (
        Batching,
        Bound,
        Capacity,
        Configuration,
        ContenderCapacity,
        Pace,
        Prediction,
        Range,
    )

WIDE = 0.2
"""A figure whose interval is wider than this share of it is shown as a range."""
_SUFFIXES = {"1": "st", "2": "nd", "3": "rd"}


def rate_words(rate: float) -> str:
    """Return such as `412 requests/s`."""
    return f"{significant(rate)} requests/s"


def time_words(seconds: float) -> str:
    """Return a time as somebody typed it, such as `20 ms`."""
    for unit, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
        if seconds >= unit:
            return f"{seconds / unit:.6g} {name}"
    return f"{seconds * 1e9:.6g} ns"


def percentile_words(percentile: float) -> str:
    """Return such as `99th percentile`."""
    number = percentile_key(percentile)
    suffix = "th" if number[-2:-1] == "1" else _SUFFIXES.get(number[-1], "th")
    return f"{number}{suffix} percentile"


def bound_words(bound: Bound) -> str:
    """Return such as `within 20 ms at the 99th percentile`."""
    return f"within {time_words(bound.latency_s)} at the {percentile_words(bound.percentile)}"


def pace_words(pace: Pace) -> str:
    """Return how a machine changed its speed around a replay, as a clause."""
    if isinf(pace.uncertainty):
        return "it was too short to tell whether the machine kept its speed"
    shortest, longest = pace.extremes
    return (
        f"the machine changed its speed (calls took {ratio(shortest)} to {ratio(longest)} times as long as on average)"
    )


def batching_words(batching: Batching) -> str:
    """Return such as `batches of at most 8 after at most 2 ms`."""
    if batching.max_batch == 1:
        return "one request a batch"
    waiting = f"after at most {time_words(batching.max_delay_s)}" if batching.max_delay_s else "without waiting"
    return f"batches of at most {batching.max_batch} {waiting}"


def configuration_words(configuration: Configuration) -> str:
    """Return such as `batches of at most 8 after at most 2 ms, 1 copy`; `on each machine` where there are several."""
    copies = "1 copy" if configuration.copies == 1 else f"{configuration.copies} copies"
    each = " on each machine" if configuration.machines > 1 else ""
    return f"{batching_words(configuration.batching)}, {copies}{each}"


def machines_words(machines: int) -> str:
    """Return such as `1 machine`."""
    return count(machines, "machine")


def percentiles_of(capacity: Capacity) -> list[str]:
    """Return the keys of the percentiles that are shown, ascending: that of the bound among them."""
    return [percentile_key(percentile) for percentile in predict.percentiles_of(capacity.bound)]


def deciding_percentile(capacity: Capacity) -> str:
    """Return the key of the percentile that the bound is about; `99` without a bound."""
    return percentile_key(capacity.bound.percentile) if capacity.bound is not None else "99"


def shown_prediction(capacity: Capacity, contender: ContenderCapacity) -> Prediction | None:
    """Return what the answer says of a contender: at the rate that was asked about, else at the highest."""
    return contender.at_rate if asks_for_a_rate(capacity) else contender.highest


def asks_for_a_rate(capacity: Capacity) -> bool:
    """Return whether it is about one rate, rather than the highest."""
    return capacity.load.rate is not None


def range_words(estimate: Range, factor: float = 1e3) -> str:
    """Return the figure in three digits, or its range where that is wide.

    Args:
        estimate: in seconds.
        factor: the units of a second, a thousand for milliseconds.
    """
    if estimate.high - estimate.low > WIDE * estimate.value:
        low, high = (significant(end * factor, 2) for end in (estimate.low, estimate.high))
        if not estimate.low:
            return f"up to {high}"
        if low != high:
            return f"{low} to {high}"
    return significant(estimate.value * factor)
