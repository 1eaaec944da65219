"""What a question about capacity may ask: loads, bounds and configurations that make sense."""

from __future__ import annotations

from math import ceil, isfinite
from typing import TYPE_CHECKING

from infer_compare.capacity.arrivals import check_arrivals
from infer_compare.errors import UsageError
from infer_compare.limits import FASTEST, LARGEST_PRICE, MOST_BURSTINESS, MOST_INSTANCES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.capacity.values import Bound, Load

MOST_REQUESTS = 200_000
"""The most that one replication simulates."""
BEYOND = 5
"""Requests of each replication that must exceed a percentile for it to be estimated."""
LONGEST_DELAY_S = 3600.0
SECONDS_AN_HOUR = 3600


def check_load(load: Load) -> None:
    """Raise `UsageError` if a load has an impossible rate, burstiness or recording."""
    if load.rate is not None and not 0 < load.rate <= FASTEST:
        raise UsageError(f"A rate of {load.rate:g} requests a second makes no sense; give --rate 200/s or the like.")
    if not 0 < load.burstiness <= MOST_BURSTINESS:
        raise UsageError(
            f"A burstiness of {load.burstiness:g} makes no sense; give a squared coefficient of variation above 0 and up to "
            f"{MOST_BURSTINESS:g}, such as --burstiness 4 (1 is a Poisson process)."
        )
    if load.arrivals_s:
        check_arrivals(load.arrivals_s)


def check_bound(bound: Bound, load: Load) -> None:
    """Raise `UsageError` if a bound makes no sense, or its percentile takes more requests than can be simulated or are recorded."""
    if not (bound.latency_s > 0 and isfinite(bound.latency_s)):
        raise UsageError(
            f"A latency bound of {bound.latency_s:g} s makes no sense; give --latency-bound 20ms or the like."
        )
    percentile = bound.percentile
    if not 0 < percentile < 100:
        raise UsageError(
            f"A percentile of {percentile:g} makes no sense; give more than 0 and less than 100, such as 99."
        )
    needed = requests_for(percentile)
    if load.arrivals_s:
        if len(load.arrivals_s) * (100 - percentile) < 100:
            raise UsageError(
                f"{len(load.arrivals_s):,} recorded arrivals say nothing of the percentile {percentile:.10g}: less than one "
                f"request is beyond it; record {ceil(100 / (100 - percentile)):,} or more, or give a lower --percentile."
            )
    elif needed > MOST_REQUESTS:
        raise UsageError(
            f"The percentile {percentile:.10g} would take {needed:,} simulated requests at a time, more than {MOST_REQUESTS:,}; "
            f"give --percentile {100 * (1 - BEYOND / MOST_REQUESTS):g} or lower."
        )


def requests_for(percentile: float) -> int:
    """Return how many requests a replication needs to estimate a percentile."""
    return ceil(BEYOND * 100 / (100 - percentile))


def check_choices(
    max_batches: Sequence[int] | None,
    max_delays_s: Sequence[float] | None,
    copies: Sequence[int] | None,
    price_per_hour: float | None,
) -> None:
    """Raise `UsageError` if a requested batch, delay, number of copies or price makes no sense."""
    for batch in max_batches or ():
        if batch < 1:
            raise UsageError(f"A largest batch of {batch} makes no sense; give --max-batch 8 or the like.")
    for delay in max_delays_s or ():
        if not 0 <= delay <= LONGEST_DELAY_S:
            raise UsageError(
                f"A delay of {delay:g} s makes no sense; give --max-delay 5ms or the like, an hour at most."
            )
    for number in copies or ():
        if not 1 <= number <= MOST_INSTANCES:
            raise UsageError(f"{number} copies make no sense; give --copies 2 or the like, {MOST_INSTANCES} at most.")
    if price_per_hour is not None and not 0 < price_per_hour <= LARGEST_PRICE * SECONDS_AN_HOUR:
        raise UsageError(f"A price of {price_per_hour:g} an hour makes no sense; give --price 1.20/h or the like.")
