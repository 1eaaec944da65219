"""The highest rate at which a contender keeps a bound, and the cheapest configuration for a rate."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING

import msgspec

from infer_compare.capacity.arrivals import busiest, recorded_rate
from infer_compare.capacity.predict import LONGER, MOST_SHARE, ROUNDING, USUAL, predict
from infer_compare.capacity.replications import Effort, replicate, replication

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from infer_compare.capacity.service import Service
    from infer_compare.capacity.values import Bound, Configuration, Load, Prediction
    from infer_compare.stats.student import Interval

COARSE = 10_000
"""Requests of the one simulation that a configuration is judged by at first."""
LEAST_GAIN = 1.02
"""A configuration is looked at more closely only where it handles so many times the rate of the best one so far."""
SHARES = (1.0, 0.9, 0.8, 0.65, 0.5, 0.35, 0.2, 0.1, 0.05, 0.02, 0.01)
"""Of the highest rate that can be judged, in the order in which they are tried."""
ALIKE = 1.1
"""Latencies of two configurations that differ by less are not worth a choice."""
HALVINGS = 5
STEP = 1.1
"""From a rate to the next, where the first simulation was too favourable or not favourable enough."""
MOST_TRIES = 8
"""Numbers of machines that are tried for a rate."""
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
        """Take what is searched.

        Args:
            service: the service times of the contender.
            configurations: those to try, at least one.
            load: its rate is not looked at.
            bound: what must be kept; None for the highest rate that can be judged.
            seed: of the random numbers.
        """
        self._service, self._load, self._bound = service, load, bound
        # The highest saturation first: what follows is then mostly ruled out by one simulation.
        self._configurations = sorted(
            configurations,
            key=lambda configuration: (-self.saturation(configuration), configuration.batching.max_delay_s),
        )
        self._percentile = USUAL[-1] if bound is None else bound.percentile
        self._coarse = Effort(1, COARSE, seed).for_percentile(self._percentile)
        # Of a long recording the busiest stretch decides at first, at its own pace.
        stretch = busiest(load.arrivals_s, self._coarse.requests)
        self._coarse_load, self._pace = load, 1.0
        if len(stretch) < len(load.arrivals_s) and stretch[-1] > stretch[0]:
            self._coarse_load = msgspec.structs.replace(load, arrivals_s=stretch)
            self._pace = recorded_rate(stretch) / recorded_rate(load.arrivals_s)
        # The same for the highest rate as for what is said of it: the same draws then say the same.
        self._effort = Effort(seed=seed).for_percentile(self._percentile)

    def saturation(self, configuration: Configuration) -> float:
        """Return the requests a second above which the queue of one machine grows without end."""
        return self._service.saturation(configuration.batching.max_batch, configuration.copies)

    @property
    def saturated(self) -> float:
        """The highest saturation of all configurations."""
        return self.saturation(self._configurations[0])

    def highest(self) -> tuple[Configuration, Prediction] | None:
        """Return the configuration that keeps the bound at the highest rate, and what requests see there; None where none does at
        any rate.
        """
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
        """Return the configuration with the fewest machines that handles a rate, and what requests see of each machine.

        None where none was found: where calls are slower after idling, more machines make it worse.

        Of configurations that take as many machines, those of the fewest copies count, and of these the ones whose latency at the
        percentile is within a tenth of the lowest: of them the one that handles most.

        Args:
            rate: requests a second of all machines.
            highest: what one machine handles at most.
        """
        best, most = highest
        machines = max(1, ceil(rate / most.rate * (1 - ROUNDING)))
        for _ in range(MOST_TRIES):
            own = rate / machines
            for configuration in [*self._fastest(own, machines)[:2], best]:
                shared = msgspec.structs.replace(configuration, machines=machines)
                prediction = self.predict(shared, own)
                if self._bound is None or prediction.kept:
                    return shared, prediction
            machines += max(1, machines // 50)
        return None

    def curve(self, configuration: Configuration) -> tuple[Prediction, ...]:
        """Return what requests see of one machine at rates up to the highest that can be judged, ascending."""
        single = msgspec.structs.replace(configuration, machines=1)
        effort = CURVE._replace(seed=self._effort.seed)
        return tuple(self.predict(single, share * self.saturation(single), effort) for share in CURVE_SHARES)

    def predict(self, configuration: Configuration, rate: float, effort: Effort | None = None) -> Prediction:
        """Return what requests see at a rate of one machine."""
        load = msgspec.structs.replace(self._load, rate=rate * configuration.machines)
        return predict(self._service, configuration, load, bound=self._bound, effort=effort or self._effort)

    def _fastest(self, rate: float, machines: int) -> list[Configuration]:
        """Return the configurations that handle a rate, the best first.

        Latencies within a tenth of the lowest count as alike: of these the one that handles most is preferred.
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

        # The sort is stable, and the highest saturation with the shortest delay came first.
        return sorted(latencies, key=order)

    def _latency(self, configuration: Configuration, rate: float) -> float:
        """Return the latency at the percentile by one simulation, with calls as long as they may be."""
        import numpy as np

        load, pace = (self._coarse_load, self._pace) if configuration.machines == 1 else (self._load, 1.0)
        single = replication(self._service, configuration, load, pace * rate, self._coarse, 0, LONGER)
        return float(np.quantile(single.latencies, self._percentile / 100))

    def _coarsely_keeps(self, configuration: Configuration, rate: float) -> bool:
        return self._bound is None or self._latency(configuration, rate) <= self._bound.latency_s

    def _coarsely_highest(self, configuration: Configuration, limit: float, least: float) -> float | None:
        """Return about the highest rate that keeps the bound, between two rates; None where the lower one does not."""
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
        """Return the highest rate at which the upper end of the interval keeps the bound, near a rate."""
        if self._bound is None:
            return rounded_down(limit)
        bound = self._bound

        def keeps(own: float) -> bool:
            def latency(factor: float) -> Interval:
                asked = [bound.percentile]
                return replicate(
                    self._service, configuration, self._load, own, asked, self._effort, factor
                ).percentiles_s[0]

            return latency(LONGER).mean <= bound.latency_s and latency(1.0).high <= bound.latency_s

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
    """Return the rate with three significant digits: more would say more than is known."""
    step = 10.0 ** (floor(log10(rate)) - 2)
    return floor(rate / step * (1 + 1e-12)) * step


def _bisected(low: float, high: float, keeps: Callable[[float], bool], halvings: int = HALVINGS) -> float:
    """Return a rate that keeps the bound, between one that does and one that does not."""
    for _ in range(halvings if high > low else 0):
        middle = (low + high) / 2
        if keeps(middle):
            low = middle
        else:
            high = middle
    return low
