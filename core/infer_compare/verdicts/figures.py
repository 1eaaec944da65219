"""The figures of one point, from some of its accepted slices."""

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
    """What was measured at one point: latencies in nanoseconds, throughput in samples a second.

    Latencies are closed-loop service times over all accepted calls: one caller that waits for each answer. Where
    `calls_per_stamp` is above 1 they are means of blocks of that many calls, and single calls scatter more.
    """

    contender: str
    point: OperatingPoint
    calls: int
    """Timed calls in accepted slices."""
    stamps: int
    """Durations recorded for them: the n of the percentiles."""
    calls_per_stamp: int
    slices: int
    """Accepted ones."""
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
    """Relative half-width of the 95 % t interval of the throughput, the wider of that over slices and that over restart
    means; None for a single slice."""
    spread_basis: Literal["slices", "restarts"] | None
    """Restart means need three restarts or more: two would tell almost nothing about the spread between processes."""
    first_call_ns: float
    """The first call at this point, compilation included, in workers that may have run other sizes before: median."""
    prepare_ns: float
    """Building, tracing or tuning before that."""
    outliers_mild: int
    """Stamps beyond 1.5 interquartile ranges (Tukey's inner fences); counted, never dropped."""
    outliers_severe: int
    """Beyond 3."""
    drift: float | None
    """Relative change of the latency over the measurement; None with fewer than 8 slices."""
    modes_ns: tuple[float, float] | None
    """Both latencies where the slices fall into two groups."""
    minor_faults_per_call: float | None
    page_fault_bound: bool
    """Calls fault pages, and more than 10 % of the processor time is spent in the kernel."""
    active_threads: int | None
    """Threads that used processor time: median over slices."""
    oversubscribed: bool
    """More of them than cores."""
    not_steady: bool
    """A worker had not reached a steady state when its warm-up was cut off."""
    balance: float | None = None
    """Of several instances, calls of the one that made fewest as a share of those of the one that made most: median over
    slices."""
    phases: PhaseMedians | None = None
    pipelined: bool = False
    """Whether the throughput is that of batches of which one is always enqueued ahead, as on accelerators."""
    enqueue_ns: float | None = None
    """Time until `run` returns, on devices that work on their own."""
    launch_bound: bool = False
    """Enqueuing takes nearly as long as a batch does: the host, not the device, sets the pace."""

    sustained: float | None = None
    """Samples a second over the long run that `--thorough` ends with on accelerators."""
    short: float | None = None
    """The throughput of the short slices, where the sustained one replaced it; None where it did not."""
    power_capped: bool = False
    """The power limit held the GPU's clocks down for more than 5 % of the time: the contender's own doing."""
    swapped: bool = False
    """While it was tried, pages were read from disk after the first call, or memory went into swap."""

    memory_growth: float | None = None
    """Bytes by which each call makes the worker larger, where that is beyond an allocator's noise."""
    latency_mean_ns: float | None = None
    """What a long series of calls takes, divided by their number; far above the median where single calls stand out."""
    confirmed: bool = False
    """Whether throughput and latencies are those of the fresh rounds that confirmed this size."""
    earlier_throughput: float | None = None
    """Samples a second by the rounds before those; None where the size is not confirmed."""
    metrics: dict[str, float] = {}
    """What was measured around the slices besides, by the name of the metric."""

    @property
    def bimodal(self) -> bool:
        """Whether the slices fall into two groups."""
        return self.modes_ns is not None


def figures(
    point: Point, readings: Sequence[Reading] | None = None, metrics: Sequence[MetricInfo] = ()
) -> Figures | None:
    """The figures of a point; None for one that was not measured, has no accepted slice, or exceeded its thread budget.

    Args:
        point: with its slices and warm-ups.
        readings: its accepted slices as numbers, where the caller has them; they tell which restart each belongs to,
            without which the spread rests on slices alone.
        metrics: what was measured around the slices besides.
    """
    import numpy as np

    if not isinstance(point.outcome, Measured) or point.excess_cores is not None:
        return None
    if readings is None:
        readings = [one for piece in point.slices if (one := read(piece)) is not None]
    enqueues = [one for one in readings if one.piece.series == "enqueue"]
    sustained = [one.throughput(point.point.batch) for one in readings if one.piece.series == "sustained"]
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
    # The kernel's counts cover the whole slice, its discarded calls too.
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
