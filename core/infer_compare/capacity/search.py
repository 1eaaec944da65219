"""The highest rate at which a contender keeps a bound, and the cheapest configuration for a rate."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING

import msgspec

from infer_compare.capacity.arrivals import busiest, recorded_rate
from infer_compare.capacity.predict import MOST_SHARE, ROUNDING, USUAL, predict
from infer_compare.capacity.replications import Effort, replicate, replication

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from infer_compare.capacity.service import Service
    from infer_compare.capacity.values import Bound, Configuration, Load, Prediction
    from infer_compare.stats.student import Interval

COARSE = 10_000
"""Requests of the single simulation by which a configuration is first judged."""
LEAST_GAIN = 1.02
"""A configuration is simulated further only if it handles this multiple of the best rate so far."""
SHARES = (1.0, 0.9, 0.8, 0.65, 0.5, 0.35, 0.2, 0.1, 0.05, 0.02, 0.01)
"""Shares of the highest rate that can be judged, in the order in which they are tried."""
ALIKE = 1.1
"""Latencies whose ratio is below this count as equal."""
HALVINGS = 5
STEP = 1.1
"""Factor between rates that are tried when the first simulation was too optimistic or too pessimistic."""
MOST_TRIES = 8
"""How many numbers of machines are tried for a rate."""
CURVE = Effort(replications=6, requests=6_000)
CURVE_SHARES = (0.1, 0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, MOST_SHARE)
"""Of saturation."""


class Search:
    """The search over the configurations of one contender."""

    def __init__(
        self,
        service: Service,
        configurations: Iterable[Configuration],
        load: Load,
        bound: Bound | None,
        seed: int = 0,
    ) -> None:
        """Prepare a search, without simulating anything.

        Args:
            service: the service times of the contender.
            configurations: those to try, at least one.
            load: its rate is ignored.
            bound: the latency bound to keep; None to search for the highest rate that can be judged.
            seed: of the random numbers.
        """
        self._service, self._load, self._bound = service, load, bound
        # The highest saturation first: one simulation then rules out most of the others.
        self._configurations = sorted(
            configurations,
            key=lambda configuration: (-self.saturation(configuration), configuration.batching.max_delay_s),
        )
        self._percentile = USUAL[-1] if bound is None else bound.percentile
        self._coarse = Effort(1, COARSE, seed).for_percentile(self._percentile)
        # The first simulation of a long recording covers its busiest stretch only, at the rate of that stretch.
        stretch = busiest(load.arrivals_s, self._coarse.requests)
        self._coarse_load, self._pace = load, 1.0
        if len(stretch) < len(load.arrivals_s) and stretch[-1] > stretch[0]:
            self._coarse_load = msgspec.structs.replace(load, arrivals_s=stretch)
            self._pace = recorded_rate(stretch) / recorded_rate(load.arrivals_s)
        # The search for the highest rate and the prediction at that rate use the same draws, so they agree.
        self._effort = Effort(seed=seed).for_percentile(self._percentile)

    def saturation(self, configuration: Configuration) -> float:
        """Return the rate, in requests per second, above which the queue of one machine grows without end."""
        return self._service.saturation(configuration.batching.max_batch, configuration.copies)

    @property
    def saturated(self) -> float:
        """The highest saturation of all configurations."""
        return self.saturation(self._configurations[0])

    def highest(self) -> tuple[Configuration, Prediction] | None:
        """Return the configuration that keeps the bound at the highest rate and its prediction there; None if none keeps it."""
        best: tuple[Configuration, float] | None = None
        for configuration in self._configurations:
            limit = MOST_SHARE * self.saturation(configuration)
            rate = self._coarsely_highest(configuration, limit, 0.0 if best is None else LEAST_GAIN * best[1])
            if rate is not None:
                best = configuration, rate
        if best is None:
            return None
        configuration, rate = best
        limit = MOST_SHARE * self.saturation(configuration)
        rate = self._refine(configuration, rate, limit)
        while rate > SHARES[-1] / 10 * limit:
            prediction = self.predict(configuration, rate)
            if self._bound is None or prediction.kept:
                return configuration, prediction
            rate = rounded_down(0.97 * rate)
        return None

    def cheapest(
        self, rate: float, highest: tuple[Configuration, Prediction]
    ) -> tuple[Configuration, Prediction] | None:
        """Return the configuration that handles a rate with the fewest machines, and the prediction for each machine.

        Returns None if no number of machines suffices: if calls are slower after idling, adding machines can make it worse.

        Among configurations with equally many machines, those with the fewest copies are preferred; among these, those whose
        latency at the percentile is within 10 % of the lowest; among these, the one with the highest saturation.

        Args:
            rate: requests per second over all machines.
            highest: what one machine handles at most.
        """
        best, most = highest
        machines = max(1, ceil(rate / most.rate * (1 - ROUNDING)))
        for _ in range(MOST_TRIES):
            machine_rate = rate / machines
            for configuration in [*self._fastest(machine_rate, machines)[:2], best]:
                shared = msgspec.structs.replace(configuration, machines=machines)
                prediction = self.predict(shared, machine_rate)
                if self._bound is None or prediction.kept:
                    return shared, prediction
            machines += max(1, machines // 50)
        return None

    def curve(self, configuration: Configuration) -> tuple[Prediction, ...]:
        """Return predictions for one machine at rates up to the highest that can be judged, ascending."""
        single = msgspec.structs.replace(configuration, machines=1)
        effort = CURVE._replace(seed=self._effort.seed)
        return tuple(self.predict(single, share * self.saturation(single), effort) for share in CURVE_SHARES)

    def predict(self, configuration: Configuration, rate: float, effort: Effort | None = None) -> Prediction:
        """Return the prediction for a configuration whose machines each receive `rate` requests per second."""
        load = msgspec.structs.replace(self._load, rate=rate * configuration.machines)
        return predict(self._service, configuration, load, bound=self._bound, effort=effort or self._effort)

    def _fastest(self, rate: float, machines: int) -> list[Configuration]:
        """Return the configurations that handle a rate per machine, the best first.

        Latencies within 10 % of the lowest count as equal; among these the one with the highest saturation is preferred.
        """
        latencies: dict[Configuration, float] = {}
        for configuration in self._configurations:
            if rate <= MOST_SHARE * self.saturation(configuration) * (1 + ROUNDING):
                shared = msgspec.structs.replace(configuration, machines=machines)
                latencies[configuration] = self._latency(shared, rate)
        lowest: dict[int, float] = {}
        for configuration, latency in latencies.items():
            lowest[configuration.copies] = min(latency, lowest.get(configuration.copies, latency))

        def order(configuration: Configuration) -> tuple[int, float]:
            latency, least = latencies[configuration], lowest[configuration.copies]
            return configuration.copies, 0.0 if latency <= ALIKE * least else latency

        # The sort is stable: ties keep the highest saturation with the shortest delay first.
        return sorted(latencies, key=order)

    def _latency(self, configuration: Configuration, rate: float) -> float:
        """Return the latency at the percentile, in seconds, by one simulation with the longest assumed calls."""
        import numpy as np

        load, pace = (self._coarse_load, self._pace) if configuration.machines == 1 else (self._load, 1.0)
        single = replication(self._service, configuration, load, pace * rate, self._coarse, 0, self._service.longer)
        return float(np.quantile(single.latencies, self._percentile / 100))

    def _coarsely_keeps(self, configuration: Configuration, rate: float) -> bool:
        return self._bound is None or self._latency(configuration, rate) <= self._bound.latency_s

    def _coarsely_highest(self, configuration: Configuration, limit: float, least: float) -> float | None:
        """Return roughly the highest rate between `least` and `limit` that keeps the bound; None if no tried rate keeps it."""
        if limit < least or (least and not self._coarsely_keeps(configuration, least)):
            return None
        above = limit
        for share in SHARES:
            rate = max(least, share * limit)
            if rate == least or self._coarsely_keeps(configuration, rate):
                break
            above = rate
        else:
            return None
        return _bisected(rate, above, lambda middle: self._coarsely_keeps(configuration, middle))

    def _refine(self, configuration: Configuration, rate: float, limit: float) -> float:
        """Return the highest rate near `rate` at which the upper end of the interval keeps the bound."""
        if self._bound is None:
            return rounded_down(limit)
        bound = self._bound

        def keeps(tried: float) -> bool:
            def latency(factor: float) -> Interval:
                percentiles = [bound.percentile]
                return replicate(
                    self._service, configuration, self._load, tried, percentiles, self._effort, factor
                ).percentiles_s[0]

            return latency(self._service.longer).mean <= bound.latency_s and latency(1.0).high <= bound.latency_s

        low = high = rate
        if keeps(rate):
            while high < limit:
                high = min(limit, STEP * low)
                if not keeps(high):
                    break
                low = high
        else:
            while low > SHARES[-1] * limit / 10:
                low, high = low / STEP, low
                if keeps(low):
                    break
        return rounded_down(_bisected(low, high, keeps, 3))


def rounded_down(rate: float) -> float:
    """Return a rate rounded down to three significant digits: the prediction is no more precise."""
    step = 10.0 ** (floor(log10(rate)) - 2)
    return floor(rate / step * (1 + 1e-12)) * step


def _bisected(low: float, high: float, keeps: Callable[[float], bool], halvings: int = HALVINGS) -> float:
    """Return a rate that keeps the bound, by bisection between a rate that does and a rate that does not."""
    for _ in range(halvings if high > low else 0):
        middle = (low + high) / 2
        if keeps(middle):
            low = middle
        else:
            high = middle
    return low
