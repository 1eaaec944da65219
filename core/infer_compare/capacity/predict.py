"""Predicted latencies of a configuration at a rate of requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.capacity.arrivals import recorded_rate
from infer_compare.capacity.replications import Effort, replicate
from infer_compare.capacity.values import Prediction, Range

if TYPE_CHECKING:
    from infer_compare.capacity.service import Service
    from infer_compare.capacity.values import Bound, Configuration, Load

MOST_SHARE = 0.9
"""The highest share of saturation that is predicted: beyond it the latency doubles with every few per cent."""
ROUNDING = 1e-9
USUAL = (50.0, 95.0, 99.0)
"""Percentiles that every prediction has."""


def percentile_key(percentile: float) -> str:
    """Return the key of a percentile in `Prediction.percentiles_s`, such as `99` or `99.9`."""
    return f"{percentile:.10g}"


def percentiles_of(bound: Bound | None) -> list[float]:
    """Return the percentiles of a prediction, ascending: the usual ones and that of the bound."""
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
    """Return the predicted latencies of a configuration at the rate of a load.

    A load with recorded arrivals and no rate is served exactly as it was recorded.

    Args:
        service: the service times of the contender.
        configuration: batching, copies and machines.
        load: with a rate, or with recorded arrivals.
        bound: adds its percentile to the usual ones, and a verdict on whether it is kept.
        effort: how much is simulated.
        rate: replaces the rate of recorded arrivals, for recordings with pauses that do not belong to the load.

    Raises:
        ValueError: the largest batch is beyond the measured sizes.
    """
    effort = effort or Effort()
    if bound is not None:
        effort = effort.for_percentile(bound.percentile)
    whole = load.rate if load.rate is not None else recorded_rate(load.arrivals_s)
    simulated = whole / configuration.machines
    rate = simulated if rate is None else rate
    share = rate / service.saturation(configuration.batching.max_batch, configuration.copies)
    percentiles = percentiles_of(bound)
    # Bounds are compared with the upper end of the range; a rougher figure will do for the lower end. The allowance for longer
    # calls is not added to the uncertainty of the replications: no service has to survive both at their worst.
    rough = effort._replace(replications=max(2, effort.replications // 4))
    middle, short, long = (
        replicate(service, configuration, load, simulated, percentiles, each, factor)
        for each, factor in ((effort, 1.0), (rough, service.shorter), (effort, service.longer))
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
