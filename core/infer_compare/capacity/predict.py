"""What requests see of a configuration at a rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.capacity.arrivals import recorded_rate
from infer_compare.capacity.replications import Effort, replicate
from infer_compare.capacity.values import Prediction, Range

if TYPE_CHECKING:
    from infer_compare.capacity.service import Service
    from infer_compare.capacity.values import Bound, Configuration, Load

MOST_SHARE = 0.9
"""Of saturation: beyond it the latency doubles with every few per cent, and nothing is said."""
SHORTER, LONGER = 0.97, 1.05
"""How far the service times of a service are taken to be from those that were measured."""
ROUNDING = 1e-9
USUAL = (50.0, 95.0, 99.0)
"""Percentiles that every prediction has."""


def percentile_key(percentile: float) -> str:
    """Return how a percentile is called in `Prediction.percentiles_s`, such as `99` or `99.9`."""
    return f"{percentile:.10g}"


def percentiles_of(bound: Bound | None) -> list[float]:
    """Return the percentiles that a prediction has, ascending: the usual ones and that of the bound."""
    return sorted({*USUAL, *([] if bound is None else [bound.percentile])})


def predict(
    service: Service,
    configuration: Configuration,
    load: Load,
    *,
    bound: Bound | None = None,
    effort: Effort | None = None,
    rate: float | None = None,
) -> Prediction:
    """Return what requests see of a configuration at the rate of a load.

    A load with recorded arrivals and no rate is served exactly as it was recorded.

    Args:
        service: the service times of the contender.
        configuration: batching, copies and machines; a largest batch beyond the measured sizes raises `ValueError`.
        load: with a rate, or with recorded arrivals.
        bound: says which percentile is worked out besides, and whether it is kept.
        effort: how much is simulated.
        rate: of recorded arrivals that have pauses between them which belong to no load; that of the recording when None.
    """
    effort = effort or Effort()
    if bound is not None:
        effort = effort.for_percentile(bound.percentile)
    whole = load.rate if load.rate is not None else recorded_rate(load.arrivals_s)
    simulated = whole / configuration.machines
    rate = simulated if rate is None else rate
    share = rate / service.saturation(configuration.batching.max_batch, configuration.copies)
    percentiles = percentiles_of(bound)
    # What bounds are held against is the upper end; of the lower one a rougher figure will do. What calls may be longer is not added
    # to what the replications leave open: both at their worst at the same time would be asked of no service.
    rough = effort._replace(replications=max(2, effort.replications // 4))
    middle, short, long = (
        replicate(service, configuration, load, simulated, percentiles, own, factor)
        for own, factor in ((effort, 1.0), (rough, SHORTER), (effort, LONGER))
    )
    ranges = {
        percentile_key(percentile): Range(
            value=value.mean, low=min(max(0.0, value.low), low.mean), high=max(value.high, high.mean)
        )
        for percentile, value, low, high in zip(
            percentiles, middle.percentiles_s, short.percentiles_s, long.percentiles_s, strict=True
        )
    }
    kept: bool | None = None
    if bound is not None and share <= MOST_SHARE + ROUNDING:
        kept = ranges[percentile_key(bound.percentile)].high <= bound.latency_s
    elif bound is not None and share >= 1:
        kept = False
    return Prediction(
        rate=rate,
        saturation_share=share,
        percentiles_s=ranges,
        mean_s=middle.mean_s.mean,
        utilisation=middle.utilisation * rate / simulated,
        queue_share=middle.queue_share,
        mean_batch=middle.mean_batch,
        requests=middle.requests,
        kept=kept,
    )
