"""Loads, service configurations, and their predicted and measured latencies."""

from __future__ import annotations

from math import fsum, inf, sqrt
from statistics import fmean
from typing import Literal

import msgspec

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.results.slices import Durations
from infer_compare.verdicts.exclusions import Exclusion

MOST_UNCERTAIN = 0.03
"""The largest uncertainty of call durations, from changes of the machine's speed, with which a replay can be compared with its
prediction. Predictions cover as much."""


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """How requests arrive; each is one sample."""

    rate: float | None = None
    """Requests a second; None to search for the highest rate that a configuration handles."""
    burstiness: float = 1.0
    """Squared coefficient of variation of the times between arrivals, 1 for a Poisson process."""
    arrivals_s: tuple[float, ...] = ()
    """Recorded moments in seconds, ascending, in place of a process; stretched or compressed to other rates."""


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """The share of requests that must be answered in time."""

    latency_s: float
    percentile: float = 99.0


class Batching(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """When a free copy takes a batch: as soon as `max_batch` requests wait, or the oldest has waited `max_delay_s`."""

    max_batch: int
    max_delay_s: float


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """A contender as a service."""

    contender: str
    """Its label in the run."""
    batching: Batching
    copies: int
    """Workers that serve at the same time on one machine: those with which it was measured, unless `machines` says otherwise."""
    machines: int = 1
    """How many machines of this kind share the load evenly."""


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """An estimate with its confidence interval."""

    value: float
    low: float
    high: float


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """What requests see of one configuration at one rate."""

    rate: float
    """Requests a second, of each machine."""
    saturation_share: float
    """The rate as a share of the saturation of the configuration. From 1 on, the queue grows without end."""
    percentiles_s: dict[str, Range]
    """Latency from arrival to answer, by percentile: `50`, `95`, `99` and the one of the bound. The range is the 95 % confidence
    interval, widened to the latencies for calls 3 % shorter and 5 % longer than measured. If the machine changed its speed by more
    while the curve over the pipe was measured, the fastest and slowest pass count instead of these."""
    mean_s: float
    utilisation: float
    """Share of the time in which a copy computes. High at low rates already where batches are taken at once: see
    `saturation_share`."""
    queue_share: float
    """Share of the mean latency that is spent waiting."""
    mean_batch: float
    requests: int
    """Simulated, over all replications."""
    kept: bool | None = None
    """Whether the upper end of the range keeps the bound; None without a bound, or too near to saturation to tell."""


class ServingSize(msgspec.Struct, frozen=True, kw_only=True):
    """Calls of one batch size as a service sees them: over the pipe to the worker, rows copied in and outputs out."""

    point: OperatingPoint
    durations_ns: Durations
    """Back to back, from handing the batch over to having the answer."""
    paused_ns: dict[str, Durations] = {}
    """The same after the worker has been idle for so many milliseconds."""


class ServingCurve(msgspec.Struct, frozen=True, kw_only=True):
    """Durations of batches over the pipe to a worker, for one contender on this machine, measured by `capacity --replay`."""

    contender: str
    copies: int
    sizes: tuple[ServingSize, ...]
    saturation: float
    """Samples a second over the pipe with a queue that is never empty, at the largest of these sizes."""
    paces: tuple[float, ...] = ()
    """Mean duration of calls in each pass over all sizes, relative to the average of all passes. Steady machines have values near 1."""
    stalls_per_s: float
    """Interruptions by the scheduler, per second of busy time."""
    stall_s: float
    """How long one lasts, on average."""


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """Durations of calls before, during and after a replay, relative to the serving curve.

    The curve is measured before the replay and after each of its segments. On a machine that keeps its speed, all passes are alike
    and all segments are alike. A difference between passes and segments that is always the same is an error of the curve.
    """

    measured: tuple[float, ...]
    """For each pass that measured the curve; 1 on average."""
    replayed: tuple[float, ...]
    """For each segment of the replay."""

    @property
    def uncertainty(self) -> float:
        """Standard error of the difference between the means of passes and segments, relative, from their pooled variance."""
        groups = (self.measured, self.replayed)
        freedom = len(self.measured) + len(self.replayed) - len(groups)
        if not all(groups) or not freedom:
            return inf
        squares = fsum((pace - 1) ** 2 for pace in self._relative())
        return sqrt(squares / freedom * fsum(1 / len(group) for group in groups))

    @property
    def extremes(self) -> tuple[float, float]:
        """Durations of calls when the machine was fastest and when it was slowest, relative to their average."""
        relative = self._relative()
        return min(relative, default=1.0), max(relative, default=1.0)

    @property
    def steady(self) -> bool:
        """Whether the machine kept its speed well enough to compare the replay with its prediction."""
        return self.uncertainty <= MOST_UNCERTAIN

    def _relative(self) -> list[float]:
        return [pace / fmean(group) for group in (self.measured, self.replayed) for pace in group]


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """Latencies of real workers under a replayed load: open loop, from the scheduled arrival."""

    configuration: Configuration
    predicted: Prediction
    """The prediction for exactly the replayed arrivals."""
    percentiles_s: dict[str, float]
    """Measured over all requests."""
    clean_percentiles_s: dict[str, float] | None
    """Measured over requests in windows that other programs did not disturb; None if these are too few."""
    undisturbed: float
    """Share of answered requests in such windows; 0 if the kernel does not count waiting times."""
    throughput: float
    """Requests answered a second, from the first arrival to the last answer."""
    requests: int
    answered: int
    lost: int
    """Sent and never answered: none unless a worker died."""
    mean_batch: float
    late_s: float
    """The 99th percentile of how late arrivals were launched."""
    shared_core: bool
    """Whether the sender of requests had to share a core; latencies are then longer than those of a service."""
    pace: Pace
    """Whether the machine kept its speed."""


State = Literal["kept", "not kept", "too high", "cannot be said"]
"""Of a rate on one machine: the bound is kept, is not, the rate is above saturation, or too near to it to tell. Without a rate
whether there is one at which the bound is kept."""


class ContenderCapacity(msgspec.Struct, frozen=True, kw_only=True):
    """What one contender handles."""

    contender: str
    name: str
    """As reports call it."""
    highest: Prediction | None
    """The highest rate at which the bound is kept, with the configuration below; None where it is kept at no rate."""
    configuration: Configuration | None
    """Of `highest`, or with a rate the cheapest that keeps the bound; None where there is none."""
    highest_configuration: Configuration | None = None
    """Of `highest`, where `configuration` is the cheapest one for a rate."""
    at_rate: Prediction | None = None
    """At the rate that was asked about, divided by the number of machines of the configuration."""
    state: State
    saturation: float
    """Samples a second at the largest batch of the configuration (or the best of all), above which the queue only grows."""
    machines: int | None = None
    """How many of this machine the rate takes; None without a rate, or where no number of them keeps the bound."""
    cost_per_million: float | None = None
    """Of requests, in the currency of the price."""
    curve: tuple[Prediction, ...] = ()
    """Over ascending rates, for the configuration."""
    served: bool = False
    """Whether service times were measured over a pipe; otherwise they are those of the sweep, in process."""
    why_not: str = ""
    """A clause that says why there is no configuration, where there is none."""
    cautions: tuple[str, ...] = ()
    """Clauses, such as that copies are extrapolated."""


class Capacity(msgspec.Struct, frozen=True, kw_only=True):
    """The answer: contenders by what they cost at the rate, or by the highest rate that they handle."""

    run_id: str
    load: Load
    bound: Bound | None
    price_per_hour: float | None
    contenders: tuple[ContenderCapacity, ...]
    """The best first; those that cannot keep the bound last."""
    excluded: tuple[Exclusion, ...] = ()
    """Contenders that the run does not rank, which nothing is said of."""
    replayed: tuple[Replayed, ...] = ()
