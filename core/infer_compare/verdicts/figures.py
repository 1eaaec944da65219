"""The figures of a point, from its accepted slices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.results import Measured
from infer_compare.stats.modes import two_modes
from infer_compare.stats.quantiles import median, nearest_rank, tukey_counts
from infer_compare.verdicts.growth import growth_per_call
from infer_compare.verdicts.metric_figures import metric_figures
from infer_compare.verdicts.protocol import (
    LAUNCH_BOUND_SHARE,
    P99_CALLS,
    PAGE_FAULT_SYSTEM_SHARE,
    SUSTAINED_DIFFERENCE,
)
from infer_compare.verdicts.reading import Reading, latency_series, read, throughput_series
from infer_compare.verdicts.slice_figures import (
    PhaseMedians,
    active_threads,
    balance_of,
    drift_of,
    phase_medians,
    power_capped,
    spread_of,
    system_share,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.interfaces import MetricInfo
    from infer_compare.results import Point


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a point: latencies in nanoseconds, throughput in samples per second.

    Latencies are closed-loop service times over all accepted calls: a single caller waits for each answer. If
    `calls_per_stamp` is above 1, they are means of blocks of that many calls, and single calls vary more.
    """

    contender: str
    point: OperatingPoint
    calls: int
    """Timed calls in accepted slices."""
    stamps: int
    """Recorded durations: the sample size of the percentiles."""
    calls_per_stamp: int
    slices: int
    """Accepted slices."""
    rejected: float
    """Share of the slices that the gate rejected."""
    latency_p50_ns: float
    latency_p90_ns: float
    latency_p95_ns: float
    latency_p99_ns: float | None
    """None with fewer than 473 stamps."""
    latency_min_ns: float
    latency_max_ns: float
    throughput: float
    """Median over slices of samples / time."""
    spread: float | None
    """Relative half-width of the 95 % t interval of the throughput, over slices or over restart means, whichever is wider;
    None for a single slice."""
    spread_basis: Literal["slices", "restarts"] | None
    """Restart means need three restarts: two would reveal almost nothing about the variation between processes."""
    first_call_ns: float
    """Median duration of the first call at this point, including compilation; workers may have run other sizes before."""
    prepare_ns: float
    """Building, tracing or tuning before that."""
    outliers_mild: int
    """Stamps beyond 1.5 interquartile ranges (Tukey's inner fences); counted, never dropped."""
    outliers_severe: int
    """Stamps beyond 3 interquartile ranges."""
    drift: float | None
    """Relative change of the latency over the measurement; None with fewer than 8 slices."""
    modes_ns: tuple[float, float] | None
    """The latencies of the two groups, if the slices fall into two groups."""
    minor_faults_per_call: float | None
    page_fault_bound: bool
    """Whether calls cause page faults, and more than 10 % of the processor time is spent in the kernel."""
    active_threads: int | None
    """Threads that used processor time: median over slices."""
    oversubscribed: bool
    """Whether there are more active threads than cores."""
    not_steady: bool
    """Whether a worker had not reached a steady state when its warm-up was cut off."""
    balance: float | None = None
    """For several instances, the fewest calls of any instance as a share of the most: median over slices."""
    phases: PhaseMedians | None = None
    pipelined: bool = False
    """Whether the throughput is that of batches with one always enqueued ahead, as on accelerators."""
    enqueue_ns: float | None = None
    """Time until `run` returns, on asynchronous devices."""
    launch_bound: bool = False
    """Whether enqueuing takes nearly as long as a batch: the host, not the device, limits the throughput."""

    sustained: float | None = None
    """Samples per second over the long run at the end of `--thorough` on accelerators."""
    short: float | None = None
    """The throughput of the short slices, if the sustained one replaced it."""
    power_capped: bool = False
    """Whether the power limit reduced the GPU's clocks for more than 5 % of the time, which the contender itself causes."""
    swapped: bool = False
    """Whether pages were read from disk after the first call, or memory was swapped out, while the point was tried."""

    memory_growth: float | None = None
    """Bytes by which each call increases the worker's memory, if that exceeds the noise of an allocator."""
    latency_mean_ns: float | None = None
    """Mean latency; far above the median if a few calls are much longer."""
    confirmed: bool = False
    """Whether throughput and latencies are those of the fresh rounds that confirmed this size."""
    earlier_throughput: float | None = None
    """Samples per second by the rounds before those; None if the size is not confirmed."""
    metrics: dict[str, float] = {}
    """Values of additional metrics, by name."""

    @property
    def bimodal(self) -> bool:
        """Whether the slices fall into two groups."""
        return self.modes_ns is not None


def figures(
    point: Point, readings: Sequence[Reading] | None = None, metrics: Sequence[MetricInfo] = ()
) -> Figures | None:
    """Return the figures of a point; None if it was not measured, has no accepted slice, or exceeded its thread budget.

    Args:
        point: with its slices and warm-ups.
        readings: its accepted slices with their restarts; without them, the spread is based on slices alone.
        metrics: additional metrics measured around the slices.
    """
    import numpy as np

    if not isinstance(point.outcome, Measured) or point.excess_cores is not None:
        return None
    if readings is None:
        readings = [reading for piece in point.slices if (reading := read(piece)) is not None]
    enqueues = [reading for reading in readings if reading.piece.series == "enqueue"]
    sustained = [reading.throughput(point.point.batch) for reading in readings if reading.piece.series == "sustained"]
    rates = throughput_series(readings)
    readings = latency_series(readings)
    if not (readings and rates):
        return None
    enqueue_ns = median([one.median for one in enqueues]) if enqueues else None
    throughput = short = median([one.throughput(point.point.batch) for one in rates])
    long_run = sustained[-1] if sustained else None
    if long_run is not None and abs(long_run / short - 1) > SUSTAINED_DIFFERENCE:
        throughput = long_run
    latencies = np.concatenate([one.latencies for one in readings])
    outliers = tukey_counts(latencies)
    medians = [one.median for one in readings]
    spread, basis = spread_of(rates, point.point.batch)
    drift = drift_of(readings)
    modes = two_modes(medians)
    diagnostics = [one.piece.diagnostics for one in readings if one.piece.diagnostics is not None]
    # The kernel's counters cover the whole slice, including its discarded calls.
    faults_over = sum(one.piece.calls + one.piece.discarded for one in readings if one.piece.diagnostics is not None)
    faults = sum(one.minor_faults for one in diagnostics) / faults_over if faults_over else None
    threads = active_threads(diagnostics)
    return Figures(
        contender=point.contender,
        point=point.point,
        calls=sum(one.piece.calls for one in readings),
        stamps=latencies.size,
        calls_per_stamp=max(one.piece.calls_per_stamp for one in readings),
        slices=len(readings),
        rejected=sum(piece.rejected is not None for piece in point.slices) / max(1, len(point.slices)),
        latency_p50_ns=median(latencies),
        latency_p90_ns=nearest_rank(latencies, 0.90),
        latency_p95_ns=nearest_rank(latencies, 0.95),
        latency_p99_ns=nearest_rank(latencies, 0.99) if latencies.size >= P99_CALLS else None,
        latency_min_ns=float(latencies.min()),
        latency_max_ns=float(latencies.max()),
        latency_mean_ns=float(latencies.mean()),
        throughput=throughput,
        sustained=long_run,
        short=short if throughput != short else None,
        power_capped=power_capped(rates),
        swapped=point.outcome.memory.swapped > 0 or point.outcome.memory.major_faults > 0,
        pipelined=rates[0].piece.series == "pipelined",
        enqueue_ns=enqueue_ns,
        launch_bound=enqueue_ns is not None
        and enqueue_ns >= LAUNCH_BOUND_SHARE * median([one.median for one in rates]),
        spread=spread,
        spread_basis=basis,
        first_call_ns=median([one.first_call_ns for one in point.warm_ups] or [point.outcome.first_call_ns]),
        prepare_ns=median([one.prepare_ns for one in point.warm_ups] or [point.outcome.prepare_ns]),
        outliers_mild=outliers.mild,
        outliers_severe=outliers.severe,
        drift=drift,
        modes_ns=None if modes is None else (modes.low, modes.high),
        minor_faults_per_call=faults,
        page_fault_bound=faults is not None and faults >= 1 and system_share(diagnostics) > PAGE_FAULT_SYSTEM_SHARE,
        active_threads=threads,
        oversubscribed=threads is not None and threads > min(one.cores for one in diagnostics),
        balance=balance_of(readings),
        not_steady=any(not one.steady for one in point.warm_ups),
        memory_growth=growth_per_call(point.slices),
        phases=phase_medians(readings),
        metrics=metric_figures(metrics, [one.piece for one in rates], point.point.batch),
    )
