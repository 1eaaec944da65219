"""The capacity of each contender of a run: its highest rate within a bound, or its cheapest configuration for a rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.capacity.conditions import SECONDS_AN_HOUR, check_bound, check_choices, check_load
from infer_compare.capacity.configurations import configurations_of
from infer_compare.capacity.predict import MOST_SHARE
from infer_compare.capacity.search import Search
from infer_compare.capacity.services import services_of
from infer_compare.capacity.values import Capacity, ContenderCapacity
from infer_compare.errors import UsageError
from infer_compare.stats.wording import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.capacity.service import Service
    from infer_compare.capacity.values import Bound, Configuration, Load, Prediction, ServingCurve, State
    from infer_compare.request.axes import Setting
    from infer_compare.results import Run

MILLION = 1_000_000


def answer(
    run: Run,
    load: Load,
    bound: Bound | None = None,
    *,
    setting: Setting | None = None,
    price_per_hour: float | None = None,
    contenders: Sequence[str] | None = None,
    max_batches: Sequence[int] | None = None,
    max_delays_s: Sequence[float] | None = None,
    copies: Sequence[int] | None = None,
    curves: Sequence[ServingCurve] = (),
    seed: int = 0,
) -> Capacity:
    """Return how many requests per second each ranked contender of a run can serve.

    Args:
        run: a stored run.
        load: how requests arrive; without a rate, the highest rate is searched for.
        bound: the latency bound to keep; when None, the highest rate is the highest for which latencies can be predicted.
        setting: sizes of the axes other than the batch; optional if the run has only one setting.
        price_per_hour: of one machine.
        contenders: labels; None for all that are ranked.
        max_batches: largest batches to try; None for the measured sizes and the powers of two between them.
        max_delays_s: delays to try, in seconds; None for a few that fit the bound.
        copies: numbers of copies per machine to try; None for the number that was measured.
        curves: service times measured over a pipe, used in place of those of the run.
        seed: of the simulated arrivals and service times.

    Raises:
        UsageError: a value makes no sense, or this run cannot answer the question.
    """
    check_load(load)
    if bound is not None:
        check_bound(bound, load)
    check_choices(max_batches, max_delays_s, copies, price_per_hour)
    services, excluded = services_of(run, setting=setting, contenders=contenders, copies=copies, curves=curves)
    if bound is not None:
        _check_attainable(services, bound)
    tried = {
        service.contender: configurations_of(service, bound, max_batches, max_delays_s, copies) for service in services
    }
    if max_batches and not any(tried.values()):
        largest = max(service.sizes[-1] for service in services)
        raise UsageError(
            f"The largest measured batch is {largest}, so nothing is known of --max-batch {min(max_batches)}; give {largest} at most, "
            "or measure larger ones with --batch-sizes."
        )
    answered = [
        _answer_of(run, service, tried[service.contender], load, bound, price_per_hour, seed) for service in services
    ]
    return Capacity(
        run_id=run.header.run_id,
        load=load,
        bound=bound,
        price_per_hour=price_per_hour,
        contenders=tuple(sorted(answered, key=_order)),
        excluded=excluded,
    )


def _answer_of(
    run: Run,
    service: Service,
    tried: Sequence[Configuration],
    load: Load,
    bound: Bound | None,
    price_per_hour: float | None,
    seed: int,
) -> ContenderCapacity:
    label = service.contender
    name = run.name(label)
    largest = service.sizes[-1]
    none = ContenderCapacity(
        contender=label,
        name=name,
        highest=None,
        configuration=None,
        state="not kept",
        saturation=service.saturation(largest, service.copies),
        served=service.served,
    )
    if not tried:
        return msgspec.structs.replace(none, why_not=f"no batch larger than {largest} was measured")
    search = Search(service, tried, load, bound, seed)
    highest = search.highest()
    if highest is None:
        assert bound is not None
        return msgspec.structs.replace(
            none, saturation=search.saturated, why_not=_why_not(service, bound), cautions=service.cautions
        )
    configuration: Configuration | None = highest[0]
    at_rate: Prediction | None = None
    state: State = "kept"
    machines: int | None = None
    if load.rate is not None:
        cheapest = search.cheapest(load.rate, highest)
        configuration, at_rate = cheapest or (None, None)
        machines = None if configuration is None else configuration.machines
        state = _state(load.rate, machines, search.saturated)
    shown = configuration or highest[0]
    cost = None
    if price_per_hour is not None and configuration is not None:
        rate = load.rate or highest[1].rate
        cost = MILLION * price_per_hour * configuration.machines / (SECONDS_AN_HOUR * rate)
    return ContenderCapacity(
        contender=label,
        name=name,
        highest=highest[1],
        configuration=configuration,
        highest_configuration=highest[0],
        at_rate=at_rate,
        state=state,
        saturation=search.saturation(shown),
        machines=machines,
        cost_per_million=cost,
        curve=search.curve(shown),
        served=service.served,
        cautions=tuple(_cautions(service, shown)),
    )


def _state(rate: float, machines: int | None, saturation: float) -> State:
    if machines == 1:
        return "kept"
    if rate >= saturation:
        return "too high"
    return "cannot be said" if rate > MOST_SHARE * saturation else "not kept"


def _order(contender: ContenderCapacity) -> tuple[bool, float, float]:
    """Return the sort key of a contender: by machines and latency at the given rate, else by highest rate; failing ones last."""
    if contender.highest is None or contender.configuration is None:
        return True, 0.0, -contender.saturation
    if contender.at_rate is not None and contender.machines is not None:
        return False, contender.machines, contender.at_rate.percentiles_s["99"].value
    return False, 0.0, -contender.highest.rate


def _check_attainable(services: Sequence[Service], bound: Bound) -> None:
    fastest = min(services, key=lambda service: service.percentile_s(service.sizes[0], bound.percentile))
    least = fastest.percentile_s(fastest.sizes[0], bound.percentile)
    if least > bound.latency_s:
        raise UsageError(
            f"No contender can answer within {duration(1e9 * bound.latency_s)}: {_calls(fastest, bound)}"
            f"{'' if len(services) == 1 else ', and those of the others last longer'}; "
            f"give --latency-bound {duration(1.5e9 * least, 2).replace(' ', '')} or more."
        )


def _why_not(service: Service, bound: Bound) -> str:
    if service.percentile_s(service.sizes[0], bound.percentile) > bound.latency_s:
        return f"{_calls(service, bound)}, longer than the bound"
    return f"even at a low rate more than {100 - bound.percentile:.6g} % of the requests may take longer than the bound"


def _calls(service: Service, bound: Bound) -> str:
    size = service.sizes[0]
    longest = duration(1e9 * service.percentile_s(size, bound.percentile))
    return f"{bound.percentile:.6g} % of the calls of {service.contender} at batch {size} last up to {longest}"


def _cautions(service: Service, configuration: Configuration) -> Iterator[str]:
    yield from service.cautions
    if configuration.copies > service.copies:
        yield (
            f"{configuration.copies} copies are extrapolated from {service.copies}: "
            "that more of them do not slow each other down was not measured"
        )
    if configuration.copies < service.copies:
        yield (
            f"calls are those of {service.copies} copies at the same time; with {configuration.copies} of them they may be shorter"
        )
