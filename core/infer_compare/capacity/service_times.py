"""Service times from measured durations: those of a sweep, in process, or those of calls over a pipe."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from infer_compare.capacity.service import LONGER, QUANTILES, SHORTER, Service
from infer_compare.errors import UsageError
from infer_compare.interfaces.values import OperatingPoint
from infer_compare.stats.shape import fit_shape
from infer_compare.verdicts.measurements import Candidate
from infer_compare.verdicts.reading import latency_series

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from infer_compare.capacity.values import ServingCurve
    from infer_compare.request.axes import Setting
    from infer_compare.verdicts.measurements import Measurements

    Floats = NDArray[np.float64]


def service_of(
    contender: str,
    copies: int,
    seconds: Mapping[int, ArrayLike],
    *,
    paused: Mapping[int, Mapping[float, ArrayLike]] | None = None,
) -> Service:
    """Return the service times of a contender, from measured durations.

    Args:
        contender: its label.
        copies: how many ran at the same time.
        seconds: durations of single calls by batch size, at least one of each.
        paused: the same by batch size and by the seconds of idling before each call; a pause that some of these sizes lack is
            left out.
    """
    measured = {size: _quantiles(seconds[size]) for size in sorted(seconds)}
    paused = {size: by_pause for size, by_pause in (paused or {}).items() if by_pause and size in measured}
    shared = sorted(set.intersection(*(set(by_pause) for by_pause in paused.values()))) if paused else []
    line = fit_shape(list(measured), [float(quantiles.mean()) for quantiles in measured.values()])
    return Service(
        contender=contender,
        copies=copies,
        measured=measured,
        pauses_s=tuple(shared),
        paused={size: tuple(_quantiles(paused[size][pause]) for pause in shared) for size in sorted(paused)}
        if shared
        else {},
        line=None if line is None else (line.fixed_ns, line.per_sample_ns),
    )


def service_of_run(
    measurements: Measurements, contender: str, copies: int, setting: Setting, sizes: Iterable[int]
) -> Service:
    """Return the service times of a contender in a sweep: its single calls in accepted slices, in process.

    Args:
        measurements: those of the run.
        contender: its label.
        copies: its instances.
        setting: sizes of the axes other than the batch.
        sizes: batch sizes that have figures.
    """
    import numpy as np

    seconds: dict[int, ArrayLike] = {}
    for size in sizes:
        readings = latency_series(measurements.readings(Candidate(contender, OperatingPoint(size, setting))))
        if readings:
            seconds[size] = np.concatenate([reading.latencies for reading in readings]) / 1e9
    return service_of(contender, copies, seconds)


def service_of_curve(curve: ServingCurve, setting: Setting = ()) -> Service:
    """Return the service times of calls over a pipe, including the delays of idling and of the scheduler.

    If the contender served a queue that was never empty more slowly than these single calls predict, all calls are slowed down by
    that factor.

    Raises:
        UsageError: the curve has no batch size in that setting.
    """
    import numpy as np

    sizes = [size for size in curve.sizes if size.point.axes == setting]
    if not sizes:
        raise UsageError(f"The serving curve of {curve.contender} has no batch size in this setting; measure it again.")
    service = service_of(
        curve.contender,
        curve.copies,
        {size.point.batch: np.array(size.durations_ns) / 1e9 for size in sizes},
        paused={
            size.point.batch: {float(pause) / 1e3: np.array(values) / 1e9 for pause, values in size.paused_ns.items()}
            for size in sizes
        },
    )
    service = replace(
        service,
        served=True,
        stalls_per_s=curve.stalls_per_s,
        stall_s=curve.stall_s,
        shorter=min((SHORTER, *curve.paces)),
        longer=max((LONGER, *curve.paces)),
    )
    slower = service.saturation(service.sizes[-1], curve.copies) / curve.saturation if curve.saturation > 0 else 1.0
    return replace(service, factor=max(1.0, slower))


def _quantiles(seconds: ArrayLike) -> Floats:
    """Return quantiles of durations without interpolation, which would halve the weight of the longest."""
    import numpy as np

    ranks = (np.arange(QUANTILES) + 0.5) / QUANTILES
    return np.quantile(np.asarray(seconds, dtype=np.float64), ranks, method="inverted_cdf")
