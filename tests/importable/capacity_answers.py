"""Made-up answers about capacity, whose figures are round."""

from __future__ import annotations

from typing import Any

import msgspec

from infer_compare.capacity.values import (
    Batching,
    Bound,
    Capacity,
    Configuration,
    ContenderCapacity,
    Load,
    Pace,
    Prediction,
    Range,
    Replayed,
)

BOUND = Bound(latency_s=0.025, percentile=99.0)
SHARES = (0.2, 0.4, 0.6, 0.8, 0.9)


def prediction(saturation: float, share: float, call_s: float = 0.004, **changes: Any) -> Prediction:
    """Return what requests see at a share of saturation."""
    middle = call_s * (1 + share / (1 - share) / 2)
    values = {"50": middle, "95": 1.6 * middle, "99": 2 * middle}
    kept = 2 * middle * 1.04 <= BOUND.latency_s
    return msgspec.structs.replace(
        Prediction(
            rate=saturation * share,
            saturation_share=share,
            percentiles_s={
                key: Range(value=value, low=value * 0.97, high=value * 1.04) for key, value in values.items()
            },
            mean_s=1.1 * middle,
            utilisation=share * 0.95,
            queue_share=share / 2,
            mean_batch=1 + 5 * share,
            requests=160_000,
            kept=kept,
        ),
        **changes,
    )


def contender(name: str, saturation: float, **changes: Any) -> ContenderCapacity:
    """Return what one contender handles: eight tenths of its saturation."""
    configuration = Configuration(contender=name, batching=Batching(max_batch=8, max_delay_s=0.002), copies=1)
    return msgspec.structs.replace(
        ContenderCapacity(
            contender=name,
            name=name,
            highest=prediction(saturation, 0.8),
            configuration=configuration,
            highest_configuration=configuration,
            state="kept",
            saturation=saturation,
            curve=tuple(prediction(saturation, share) for share in SHARES),
        ),
        **changes,
    )


def too_slow(name: str, saturation: float = 40.0) -> ContenderCapacity:
    """Return a contender that keeps the bound at no rate."""
    return contender(
        name,
        saturation,
        highest=None,
        configuration=None,
        highest_configuration=None,
        state="not kept",
        curve=(),
        why_not="one request alone takes 31.2 ms at the 99th percentile",
    )


def highest(**changes: Any) -> Capacity:
    """Return the answer to the question for the highest rate."""
    answer = Capacity(
        run_id="20260101-120000-abcd",
        load=Load(),
        bound=BOUND,
        price_per_hour=None,
        contenders=(contender("onnx", 515.0), contender("torch", 390.0), too_slow("tensorflow")),
    )
    return msgspec.structs.replace(answer, **changes)


def at_rate(rate: float = 1000.0, **changes: Any) -> Capacity:
    """Return the answer to the question for a rate on machines of 1.20 an hour."""
    contenders = []
    for name, saturation in (("onnx", 515.0), ("torch", 390.0)):
        machines = -int(-rate // (0.8 * saturation))
        own = contender(name, saturation)
        assert own.configuration is not None
        contenders.append(
            msgspec.structs.replace(
                own,
                configuration=msgspec.structs.replace(own.configuration, machines=machines),
                at_rate=prediction(saturation, rate / machines / saturation),
                state="kept" if machines == 1 else "too high",
                machines=machines,
                cost_per_million=1e6 * machines * 1.2 / 3600 / rate,
            )
        )
    return highest(
        load=Load(rate=rate), price_per_hour=1.2, contenders=(*contenders, too_slow("tensorflow")), **changes
    )


def replayed(**changes: Any) -> Replayed:
    """Return what a replay of the first contender measured."""
    own = contender("onnx", 515.0)
    assert own.configuration is not None
    return msgspec.structs.replace(
        Replayed(
            configuration=own.configuration,
            predicted=prediction(515.0, 0.6),
            percentiles_s={"50": 0.0071, "95": 0.0120, "99": 0.0161},
            clean_percentiles_s={"50": 0.0070, "95": 0.0114, "99": 0.0147},
            undisturbed=0.96,
            throughput=308.6,
            requests=9270,
            answered=9270,
            lost=0,
            mean_batch=4.2,
            late_s=0.00006,
            shared_core=False,
            pace=Pace(measured=(0.99, 1.02, 0.99), replayed=(1.01, 1.0, 1.03)),
        ),
        **changes,
    )
