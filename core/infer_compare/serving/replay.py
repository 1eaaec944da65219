"""Replays a load with real workers: open loop, with latencies from the scheduled arrival."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.capacity.predict import percentiles_of, predict
from infer_compare.capacity.service_times import service_of_curve
from infer_compare.capacity.values import Load, Pace, Replayed
from infer_compare.errors import UsageError, WorkerError
from infer_compare.serving.batcher import serve
from infer_compare.serving.pace import pace_of
from infer_compare.serving.requests import Requests, Segment
from infer_compare.serving.schedule import schedule, segments_of
from infer_compare.serving.windows import Windows
from infer_compare.timing import collector_paused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.capacity.values import Batching, Bound, Configuration
    from infer_compare.serving.measure import CurveMeasurement
    from infer_compare.serving.service import Service

LEAD_NS = 50_000_000
"""The time from the start of a segment to its first arrival."""
OVERLOAD = 2
"""The largest rate that is replayed, as a multiple of the saturation."""
MANY = 100
"""Number of batches per copy below which requests are a burst, which may have any rate."""
FEWEST, CLEAN = 100, 0.1
"""The fewest requests in undisturbed windows, and their least share, for percentiles of their own."""
LATE = 99.0
"""The percentile of the delays with which batches were sent."""


def replay(
    service: Service,
    configuration: Configuration,
    load: Load,
    *,
    seconds: float,
    measurement: CurveMeasurement,
    bound: Bound | None = None,
    seed: int = 0,
) -> Replayed:
    """Send the requests of a load to real workers, and return measured and predicted latencies.

    A long replay has several segments. After each segment the serving curve is measured further, so that prediction and replay are
    affected alike if the machine changes its speed.

    Args:
        service: as many workers as the configuration has copies.
        configuration: what is replayed; if it has several machines, this one takes its share of the load.
        load: how requests arrive: a rate, or recorded moments, which are repeated if they end too early.
        seconds: how long requests arrive.
        measurement: the measurement of the serving curve, with one pass at least; it is continued during the replay.
        bound: a bound whose percentile is measured as well.
        seed: seed of the arrivals.

    Raises:
        UsageError: the load has no rate, or one far above saturation; or the service does not fit the configuration.
        WorkerError: a worker died twice, or could not be started again.
    """
    import numpy as np

    batching = configuration.batching
    if configuration.copies != service.copies or batching.max_batch > service.max_batch:
        raise UsageError(
            f"The service has {service.copies} copies and batches up to {service.max_batch}; the configuration asks for "
            f"{configuration.copies} copies and batches up to {batching.max_batch}."
        )
    arrivals_s = schedule(load, seconds, configuration.machines, seed)
    saturation = service_of_curve(measurement.curve(service), service.setting).saturation(
        batching.max_batch, service.copies
    )
    rate, most = len(arrivals_s) / seconds, OVERLOAD * saturation
    if rate > most and len(arrivals_s) > batching.max_batch * service.copies * MANY:
        raise UsageError(
            f"{rate:.4g} requests/s are more than {OVERLOAD} times what saturates {service.label} ({saturation:.4g}/s), "
            "so the replay would only show a queue that grows; give a lower rate."
        )
    segments = segments_of(arrivals_s, seconds)
    served: list[Segment] = []
    with service.run_delays() as delays:
        windows = Windows(delays)
        for place, arriving_s in enumerate(segments, 1):
            served.append(_serve(service, batching, arriving_s, windows))
            try:
                measurement.measure(service)
            except WorkerError:
                if place < len(segments):
                    raise
                # The replay is complete, and the curve only lacks its last pass.
    curve = measurement.curve(service)
    times = service_of_curve(curve, service.setting)
    percentiles = percentiles_of(bound)
    requests = Requests.of(served)
    measured = requests.percentiles(percentiles)
    if measured is None:
        raise WorkerError(f"No request was answered: the worker of {service.label} died over each.")
    clean = requests.within(windows.clean(curve))
    late_ns = [late for segment in served for late in segment.served.late_ns]
    first_ns = served[0].arrivals_ns[0]
    sent, answered = len(arrivals_s), requests.number
    return Replayed(
        configuration=configuration,
        predicted=predict(
            times,
            msgspec.structs.replace(configuration, machines=1),
            Load(arrivals_s=tuple((moment - first_ns) / 1e9 for segment in served for moment in segment.arrivals_ns)),
            bound=bound,
            rate=rate,
        ),
        percentiles_s=measured,
        clean_percentiles_s=clean.percentiles(percentiles) if clean.number >= max(FEWEST, CLEAN * sent) else None,
        undisturbed=clean.number / answered,
        throughput=answered * 1e9 / max(1, sum(segment.span_ns for segment in served)),
        requests=sent,
        answered=answered,
        lost=sent - answered,
        mean_batch=sent / sum(len(segment.served.batches) for segment in served),
        late_s=float(np.percentile(late_ns, LATE)) / 1e9 if late_ns else 0.0,
        shared_core=service.shared_core,
        pace=Pace(
            measured=curve.paces,
            replayed=tuple(pace_of(own, times) for segment in served if (own := segment.answered)),
        ),
    )


def _serve(service: Service, batching: Batching, arriving_s: Sequence[float], windows: Windows) -> Segment:
    """Send the requests of one segment, and wait until all are answered or lost."""
    with collector_paused():
        first_ns = service.clock() + LEAD_NS
        arrivals_ns = [first_ns + round((arrival - arriving_s[0]) * 1e9) for arrival in arriving_s]
        served = serve(arrivals_ns, batching, service.copies, service, service.clock, windows.tick)
        windows.end(service.clock())
    return Segment(arrivals_ns, served)
