"""A configuration simulated several times with independent random numbers, and what that says of its latencies."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from infer_compare.capacity.arrivals import arrivals_at
from infer_compare.capacity.service_times import QUANTILES
from infer_compare.capacity.simulation import simulate
from infer_compare.stats.student import t_interval

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.capacity.service_times import Service
    from infer_compare.capacity.values import Configuration, Load
    from infer_compare.stats.student import Interval

REPLICATIONS = 8
REQUESTS = 20_000
"""Of each replication."""
WARM_UP = 0.05
"""Share of the requests of a process that are left out, since the queue is empty at first."""


class Effort(NamedTuple):
    """How much is simulated."""

    replications: int = REPLICATIONS
    requests: int = REQUESTS
    seed: int = 0


class Replicated(NamedTuple):
    """What the replications of one configuration say."""

    percentiles_s: tuple[Interval, ...]
    """95 % intervals, in the order in which percentiles were asked for."""
    mean_s: Interval
    utilisation: float
    queue_share: float
    mean_batch: float
    requests: int


@lru_cache(maxsize=64)
def _ranks(seed: tuple[int, ...], count: int) -> list[int]:
    import numpy as np

    ranks: list[int] = np.random.default_rng((*seed, 3)).integers(0, QUANTILES, count).tolist()
    return ranks


def _waits(seed: tuple[int, ...]) -> Iterator[float]:
    """Yield exponential times of mean 1 without end."""
    import numpy as np

    generator = np.random.default_rng((*seed, 4))
    while True:
        yield from generator.exponential(1.0, 1024).tolist()


def replicate(
    service: Service,
    configuration: Configuration,
    load: Load,
    rate: float,
    percentiles: Sequence[float],
    effort: Effort,
    factor: float = 1.0,
) -> Replicated:
    """Return the latencies of a configuration at a rate, from independent replications.

    The same seed draws the same arrivals and ranks of service times for every configuration and rate, so that differences between
    them are not those of the draws (common random numbers: Law, Simulation Modeling and Analysis, section 11.2).

    Args:
        service: the service times.
        configuration: the batching, copies and machines.
        load: the process or recording of arrivals.
        rate: requests a second of one machine.
        percentiles: which ones.
        effort: how many replications of how many requests, and the seed.
        factor: by which service times are multiplied.
    """
    import numpy as np

    rows: list[list[float]] = []
    busy = available = served = total = 0.0
    batches = requests = 0
    for replication in range(effort.replications):
        seed = (effort.seed, replication)
        arrivals = arrivals_at(load, rate, effort.requests, seed, configuration.machines)
        simulated = simulate(
            arrivals,
            service.durations(_ranks(seed, len(arrivals)), _waits(seed), factor),
            configuration.batching,
            configuration.copies,
        )
        latencies = np.array(simulated.done) - np.array(arrivals)
        steady = latencies if load.arrivals_s else latencies[int(WARM_UP * latencies.size) :]
        rows.append([float(steady.mean()), *np.quantile(steady, np.array(percentiles) / 100).tolist()])
        busy += simulated.busy_s
        available += configuration.copies * (max(simulated.done) - arrivals[0])
        served += simulated.served_s
        total += float(latencies.sum())
        batches += len(simulated.sizes)
        requests += len(arrivals)
    mean, *values = (t_interval(column) for column in zip(*rows, strict=True))
    return Replicated(
        percentiles_s=tuple(values),
        mean_s=mean,
        utilisation=busy / available,
        queue_share=max(0.0, 1 - served / total),
        mean_batch=requests / batches,
        requests=requests,
    )
