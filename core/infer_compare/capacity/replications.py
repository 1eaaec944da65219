"""Latencies of a configuration from several simulations with independent random numbers."""

from __future__ import annotations

from array import array
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from infer_compare.capacity.arrivals import arrivals_at
from infer_compare.capacity.conditions import MOST_REQUESTS, requests_for
from infer_compare.capacity.service import QUANTILES
from infer_compare.capacity.simulation import Simulated, simulate
from infer_compare.stats.student import Interval, t_interval

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from infer_compare.capacity.service import Service
    from infer_compare.capacity.values import Configuration, Load

    Floats = NDArray[np.float64]

REPLICATIONS = 10
REQUESTS = 16_000
"""In each replication."""
FEWEST_BATCHES = 200
"""For each copy in a replication, even if every batch is as large as allowed."""
RECORDED = 60_000
"""Requests simulated over all replications of a recording, which differ in their service times alone."""
FEWEST_REPLICATIONS = 3
WARM_UP = 0.1
"""Share of the requests of a process that are left out, since the queue is empty at first."""


class Effort(NamedTuple):
    """How much is simulated."""

    replications: int = REPLICATIONS
    requests: int = REQUESTS
    seed: int = 0

    def for_batches(self, configuration: Configuration) -> Effort:
        """Return the effort with enough requests for hundreds of full batches in every replication."""
        batches = FEWEST_BATCHES * configuration.copies * configuration.batching.max_batch
        return self._replace(requests=max(self.requests, min(MOST_REQUESTS, batches)))

    def for_load(self, load: Load) -> Effort:
        """Return the effort with fewer replications if the load is a long recording, which each replication serves whole."""
        enough = max(FEWEST_REPLICATIONS, -(-RECORDED // max(1, len(load.arrivals_s))))
        return self._replace(replications=min(self.replications, enough)) if load.arrivals_s else self

    def for_percentile(self, percentile: float) -> Effort:
        """Return the effort with enough requests in each replication to estimate a percentile."""
        return self._replace(requests=max(self.requests, requests_for(percentile)))


class Replicated(NamedTuple):
    """Latencies and load of one configuration, averaged over its replications."""

    percentiles_s: tuple[Interval, ...]
    """95 % intervals, in the order of the requested percentiles."""
    mean_s: Interval
    utilisation: float
    queue_share: float
    mean_batch: float
    requests: int


@lru_cache(maxsize=32)
def _ranks(seed: tuple[int, ...], count: int) -> array[int]:
    import numpy as np

    # An array takes two bytes per rank; a list of numbers would take thirty.
    return array("H", np.random.default_rng((*seed, 3)).integers(0, QUANTILES, count, dtype=np.uint16).tobytes())


def _waits(seed: tuple[int, ...]) -> Iterator[float]:
    """Yield exponential times of mean 1 without end."""
    import numpy as np

    generator = np.random.default_rng((*seed, 4))
    while True:
        yield from generator.exponential(1.0, 1024).tolist()


class Replication(NamedTuple):
    """One simulation."""

    latencies: Floats
    """In seconds, without those of the warm-up."""
    simulated: Simulated
    span_s: float
    """From the first arrival to the last answer."""
    total_s: float
    """Sum of the latencies of all requests."""


def replication(
    service: Service, configuration: Configuration, load: Load, rate: float, effort: Effort, number: int, factor: float
) -> Replication:
    """Return one simulation of a configuration.

    A seed yields the same arrivals and ranks of service times for every configuration and rate. Differences between two results
    are therefore not due to the draws (common random numbers: Law, Simulation Modeling and Analysis, section 11.2).

    Args:
        service: the service times.
        configuration: the batching, copies and machines.
        load: the process or recording of arrivals.
        rate: requests per second at one machine.
        effort: how many requests, and the seed.
        number: of the replication, from 0.
        factor: multiplies the service times.
    """
    import numpy as np

    effort = effort.for_batches(configuration)
    seed = (effort.seed, number)
    arrivals = arrivals_at(load, rate, effort.requests, seed, configuration.machines)
    durations = service.durations(_ranks(seed, len(arrivals)), _waits(seed), factor)
    simulated = simulate(arrivals, durations, configuration.batching, configuration.copies)
    latencies = np.array(simulated.done) - np.array(arrivals)
    return Replication(
        latencies if load.arrivals_s else latencies[int(WARM_UP * latencies.size) :],
        simulated,
        max(simulated.done) - arrivals[0],
        float(latencies.sum()),
    )


def replicate(
    service: Service,
    configuration: Configuration,
    load: Load,
    rate: float,
    percentiles: Sequence[float],
    effort: Effort,
    factor: float = 1.0,
) -> Replicated:
    """Return the latencies of a configuration at a rate, from independent replications; for the arguments see `replication`.

    The interval of a percentile is Student's t over the replications, without the first requests of each (replication/deletion
    approach: Law, section 9.5.2).
    """
    import numpy as np

    effort = effort.for_load(load)
    runs = [
        replication(service, configuration, load, rate, effort, number, factor) for number in range(effort.replications)
    ]
    ranks = np.array(percentiles) / 100
    means = [float(run.latencies.mean()) for run in runs]
    values = np.array([np.quantile(run.latencies, ranks) for run in runs])
    requests = sum(len(run.simulated.done) for run in runs)
    return Replicated(
        percentiles_s=tuple(t_interval(column) for column in values.T.tolist()),
        mean_s=t_interval(means),
        utilisation=sum(run.simulated.busy_s for run in runs) / configuration.copies / sum(run.span_s for run in runs),
        queue_share=max(0.0, 1 - sum(run.simulated.served_s for run in runs) / sum(run.total_s for run in runs)),
        mean_batch=requests / sum(len(run.simulated.sizes) for run in runs),
        requests=requests,
    )
