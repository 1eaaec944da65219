"""A load replayed against real workers: open loop, latency from the scheduled arrival."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING, Self

import msgspec

from infer_compare.capacity.arrivals import arrivals_at, recorded_rate
from infer_compare.capacity.predict import percentile_key, percentiles_of, predict
from infer_compare.capacity.service_times import service_of_curve
from infer_compare.capacity.values import Load, Replayed
from infer_compare.errors import UsageError, WorkerError
from infer_compare.serving.batcher import serve
from infer_compare.timing import collector_paused

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from infer_compare.capacity.values import Bound, Configuration, ServingCurve
    from infer_compare.serving.batcher import Served
    from infer_compare.serving.delays import RunDelays, Waited
    from infer_compare.serving.service import Service

LEAD_NS = 50_000_000
"""From the beginning of a replay to its first arrival."""
WINDOW_NS = 300_000_000
"""Over which it is judged whether something else took the processors."""
DISTURBED = 0.01
"""Share of a window in which the service may wait for a processor, beyond twice what it did when its curve was measured."""
MOST_DISTURBED = 0.05
"""However much it waited then."""
MOST_REQUESTS = 1_000_000
OVERLOAD = 2
"""Times the saturation: more is not replayed."""
MANY = 100
"""Batches of each copy; fewer are a burst, and may come at any rate."""
REPLAYED = 99
"""Makes the arrivals of a replay others than those of simulations with the same seed."""
LATE = 99.0
"""Percentile of how late arrivals were launched."""


def replay(
    service: Service,
    configuration: Configuration,
    load: Load,
    *,
    seconds: float,
    curve: ServingCurve,
    bound: Bound | None = None,
    seed: int = 0,
) -> Replayed:
    """Send requests at the moments of a load for so long, and return what they saw beside what is predicted for them.

    Args:
        service: as many workers as the configuration has copies.
        configuration: what is replayed; where it has several machines, this one takes its share of the load.
        load: how requests arrive, with a rate or with recorded moments, which are repeated where they end too early.
        seconds: how long requests arrive.
        curve: what batches cost over the pipe, for the prediction.
        bound: whose percentile is measured as well.
        seed: of the arrivals.

    Raises:
        UsageError: the load has no rate or one far above saturation, or the service another number of copies or a smaller
            largest batch.
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
    times = service_of_curve(curve, service.setting)
    rate, most = len(arrivals_s) / seconds, OVERLOAD * times.saturation(batching.max_batch, service.copies)
    if rate > most and len(arrivals_s) > batching.max_batch * service.copies * MANY:
        raise UsageError(
            f"{rate:.4g} requests/s are more than {OVERLOAD} times what saturates {service.label} ({most / OVERLOAD:.4g}/s), "
            "so the replay would only show a queue that grows; give a lower rate."
        )
    with collector_paused(), service.run_delays() as delays:
        windows = Windows(delays)
        first_ns = service.clock() + LEAD_NS
        arrivals_ns = [first_ns + round(arrival * 1e9) for arrival in arrivals_s]
        served = serve(arrivals_ns, batching, service.copies, service, service.clock, windows.tick)
        windows.end(service.clock())
    percentiles = percentiles_of(bound)
    predicted = predict(
        times,
        msgspec.structs.replace(configuration, machines=1),
        Load(arrivals_s=tuple(arrivals_s)),
        bound=bound,
    )
    requests = Requests.of(arrivals_ns, served)
    measured = requests.percentiles(percentiles)
    if measured is None:
        raise WorkerError(f"No request was answered: the worker of {service.label} died over each.")
    late_ns = served.late_ns
    return Replayed(
        configuration=configuration,
        predicted=predicted,
        percentiles_s=measured,
        clean_percentiles_s=requests.within(windows.clean(curve)).percentiles(percentiles),
        throughput=len(requests.latencies_ns) * 1e9 / max(1, requests.last_ns - arrivals_ns[0]),
        requests=len(arrivals_ns),
        answered=len(requests.latencies_ns),
        lost=len(arrivals_ns) - len(requests.latencies_ns),
        mean_batch=len(arrivals_ns) / len(served.batches),
        late_s=float(np.percentile(late_ns, LATE)) / 1e9 if late_ns else 0.0,
        shared_core=service.shared_core,
    )


def schedule(load: Load, seconds: float, machines: int, seed: int) -> list[float]:
    """Return the moments at which requests arrive at one machine, in seconds from the beginning.

    Args:
        load: with a rate, or with recorded moments, which are repeated where they end too early.
        seconds: how long requests arrive.
        machines: among which the load is shared.
        seed: of the random numbers.

    Raises:
        UsageError: the load has no rate, or no request arrives in that time, or more than can be replayed.
    """
    if load.rate is None and not load.arrivals_s:
        raise UsageError("A replay needs a rate, such as --rate 200/s, or recorded arrivals.")
    rate = (recorded_rate(load.arrivals_s) if load.rate is None else load.rate) / machines
    # More than can arrive in that time, but for one in a million.
    expected = rate * seconds
    if expected > MOST_REQUESTS:
        raise UsageError(
            f"A replay of {seconds:g} s at {rate:.4g}/s has {expected:,.0f} requests; {MOST_REQUESTS:,} are the most: replay for "
            f"{MOST_REQUESTS / rate:.2g} s."
        )
    count = ceil(expected + 5 * (max(1.0, load.burstiness) * expected) ** 0.5 + 10)
    moments = arrivals_at(load, rate, count, (seed, REPLAYED), machines)
    if load.arrivals_s and moments:
        period = max(moments[-1] + 1 / rate, 1 / rate)
        moments = [round_ * period + moment for round_ in range(ceil(seconds / period)) for moment in moments]
    arriving = [moment for moment in moments if moment < seconds]
    if not arriving:
        raise UsageError(f"No request arrives within {seconds:g} s at {rate:g}/s; replay for longer.")
    return arriving


class Windows:
    """Stretches of a replay, and how long the service waited for processors in each."""

    def __init__(self, delays: RunDelays) -> None:
        """Begins none yet."""
        self._delays = delays
        self._next_ns = 0
        self._marks: list[tuple[int, Waited]] = []

    def tick(self, now_ns: int) -> None:
        """Begin another window where the last one has been long enough."""
        if now_ns >= self._next_ns:
            self.end(now_ns)
            self._next_ns = now_ns + WINDOW_NS

    def end(self, now_ns: int) -> None:
        """End the last window."""
        self._marks.append((now_ns, self._delays.read()))

    def clean(self, curve: ServingCurve) -> Sequence[tuple[int, int]]:
        """Return the windows, joined where they touch, in which nothing took more of the processors than when a curve was
        measured; none where the kernel does not count waiting times.
        """
        if not self._delays.known:
            return ()
        allowed = min(MOST_DISTURBED, DISTURBED + 2 * curve.stalls_per_s * curve.stall_s)
        clean: list[tuple[int, int]] = []
        for (begin_ns, before), (end_ns, after) in pairwise(self._marks):
            if after.since(before).waited_ns > allowed * (end_ns - begin_ns):
                continue
            if clean and clean[-1][1] == begin_ns:
                clean[-1] = (clean[-1][0], end_ns)
            else:
                clean.append((begin_ns, end_ns))
        return clean


@dataclass(frozen=True, slots=True)
class Requests:
    """Those that were answered."""

    arrivals_ns: NDArray[np.int64]
    latencies_ns: NDArray[np.int64]
    """From the scheduled arrival to the answer."""

    @classmethod
    def of(cls, arrivals_ns: Sequence[int], served: Served) -> Self:
        """Return the requests of a schedule that were answered."""
        import numpy as np

        arrivals = np.array(arrivals_ns, np.int64)
        answered = np.zeros(len(arrivals), np.int64)
        for batch in served.batches:
            if not batch.lost:
                answered[batch.first : batch.first + batch.size] = batch.answered_ns
        there = answered > 0
        return cls(arrivals[there], answered[there] - arrivals[there])

    @property
    def last_ns(self) -> int:
        """When the last one was answered."""
        return int((self.arrivals_ns + self.latencies_ns).max(initial=0))

    def within(self, windows: Sequence[tuple[int, int]]) -> Self:
        """Return those that arrived and were answered in one of the windows."""
        import numpy as np

        inside = np.zeros(len(self.arrivals_ns), bool)
        for begin_ns, end_ns in windows:
            inside |= (self.arrivals_ns >= begin_ns) & (self.arrivals_ns + self.latencies_ns <= end_ns)
        return type(self)(self.arrivals_ns[inside], self.latencies_ns[inside])

    def percentiles(self, percentiles: Sequence[float]) -> dict[str, float] | None:
        """Return latencies in seconds by percentile; None where there is no request."""
        import numpy as np

        if not len(self.latencies_ns):
            return None
        values = np.percentile(self.latencies_ns, percentiles) / 1e9
        return {percentile_key(key): float(value) for key, value in zip(percentiles, values, strict=True)}
