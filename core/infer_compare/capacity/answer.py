"""What each contender of a run bears: the highest rate within a bound, or the cheapest configuration for a rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.capacity.predict import MOST_SHARE, predict
from infer_compare.capacity.service_times import service_of_curve, service_of_run
from infer_compare.capacity.values import Batching, Capacity, Configuration, ContenderCapacity, Load
from infer_compare.errors import UsageError
from infer_compare.verdicts.measurements import Measurements
from infer_compare.verdicts.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.capacity.service_times import Service
    from infer_compare.capacity.values import Bound, ServingCurve
    from infer_compare.request.axes import Setting
    from infer_compare.results import Run


def answer(
    run: Run,
    load: Load,
    bound: Bound | None = None,
    *,
    setting: Setting | None = None,
    price_per_hour: float | None = None,
    contenders: Sequence[str] | None = None,
    max_batches: Sequence[int] | None = None,  # noqa: ARG001
    max_delays_s: Sequence[float] | None = None,  # noqa: ARG001
    copies: Sequence[int] | None = None,  # noqa: ARG001
    curves: Sequence[ServingCurve] = (),
    seed: int = 0,  # noqa: ARG001
) -> Capacity:
    """Return what the ranked contenders of a run bear.

    Args:
        run: a stored run.
        load: how requests arrive; without a rate the highest is looked for.
        bound: what they must keep; without one the highest rate is the one up to which latencies can be told.
        setting: sizes of the axes other than the batch; may be left out where the run has one setting.
        price_per_hour: of one machine.
        contenders: labels; all that are ranked where None.
        max_batches: which largest batches are tried; measured sizes and powers of two between them where None.
        max_delays_s: which delays are tried; a few that fit the bound where None.
        copies: how many on a machine are tried; those of the measurement where None.
        curves: service times over a pipe, which take the place of those of the run.
        seed: of the simulated arrivals and service times.

    Raises:
        UsageError: what is asked for cannot be answered from this run.
    """
    services = services_of(run, setting=setting, contenders=contenders, curves=curves)
    answered = []
    for service in services:
        batching = Batching(max_batch=service.sizes[-1], max_delay_s=0.0)
        configuration = Configuration(contender=service.contender, batching=batching, copies=service.copies)
        saturation = service.saturation(batching.max_batch, service.copies)
        rates = [saturation * MOST_SHARE * share for share in (0.2, 0.4, 0.6, 0.8, 1.0)]
        curve = tuple(
            predict(service, configuration, msgspec.structs.replace(load, rate=rate), bound=bound) for rate in rates
        )
        highest = next((point for point in reversed(curve) if point.kept is not False), None)
        at_rate = None if load.rate is None else predict(service, configuration, load, bound=bound)
        answered.append(
            ContenderCapacity(
                contender=service.contender,
                name=run.name(service.contender),
                highest=highest,
                configuration=configuration,
                at_rate=at_rate,
                state="kept" if highest else "not kept",
                saturation=saturation,
                machines=None if load.rate is None or highest is None else -int(-load.rate // highest.rate),
                curve=curve,
                served=service.served,
            )
        )
    return Capacity(
        run_id=run.header.run_id,
        load=load,
        bound=bound,
        price_per_hour=price_per_hour,
        contenders=tuple(answered),
        excluded=summarise(run, every_bound=False).excluded,
    )


def services_of(
    run: Run,
    *,
    setting: Setting | None = None,
    contenders: Sequence[str] | None = None,
    curves: Sequence[ServingCurve] = (),
) -> tuple[Service, ...]:
    """Return the service times of the ranked contenders of a run, in the order in which they were asked for.

    Raises:
        UsageError: no contender has measured sizes, a label is not one of the run, or one of several settings has to be named.
    """
    setting = setting_of(run, setting)
    summary = summarise(run, every_bound=False)
    out = {one.contender for one in summary.excluded}
    measurements = Measurements(run.rounds, run.header.budget_of)
    services = []
    for label in run.labels:
        if label in out or (contenders is not None and label not in contenders):
            continue
        own = [curve for curve in curves if curve.contender == label]
        if own:
            services.append(service_of_curve(own[0], setting))
            continue
        sizes = [one.point.batch for one in summary.figures if one.contender == label and one.point.axes == setting]
        services.append(service_of_run(measurements, label, run.contender(label).instances, setting, sizes))
    if not services:
        raise UsageError("No contender of this run has a measured batch size.")
    return tuple(services)


def setting_of(run: Run, setting: Setting | None) -> Setting:
    """Return the setting that is meant."""
    settings = run.header.options.settings
    if setting is None:
        if len(settings) > 1:
            raise UsageError("This run has several settings.")
        return settings[0]
    return setting
