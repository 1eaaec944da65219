"""Figures computed over the accepted slices of a point: spread, drift, parts of an iteration, threads."""

from __future__ import annotations

from collections import defaultdict
from math import fsum
from typing import TYPE_CHECKING, Literal

import msgspec

from infer_compare.stats.drift import relative_drift
from infer_compare.stats.quantiles import median, nearest_rank
from infer_compare.stats.student import t_interval
from infer_compare.verdicts.protocol import (
    CONFIDENCE,
    DRIFT_SLICES,
    POWER_CAPPED_SHARE,
    SPREAD_RESTARTS,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.results import Diagnostics
    from infer_compare.verdicts.reading import Reading


class PhaseMedians(msgspec.Struct, frozen=True, kw_only=True):
    """Median durations of the parts of an end-to-end iteration, in nanoseconds."""

    stage_ns: float
    run_ns: float
    """Run and synchronize."""
    fetch_ns: float
    load_ns: float | None = None
    """Assembling batches, in passes over a data set."""


def power_capped(readings: Sequence[Reading]) -> bool:
    """Return whether the power limit reduced a GPU's clocks for more than `POWER_CAPPED_SHARE` of the time."""
    shares = [
        reading.piece.diagnostics.gpu.power_capped_share
        for reading in readings
        if reading.piece.diagnostics is not None and reading.piece.diagnostics.gpu is not None
    ]
    return bool(shares) and median(shares) > POWER_CAPPED_SHARE


def spread_of(readings: Sequence[Reading], batch: int) -> tuple[float | None, Literal["slices", "restarts"] | None]:
    """Return the relative half-width of the throughput's interval, and its basis; None for a single slice."""
    throughputs = [reading.throughput(batch) for reading in readings]
    if len(throughputs) < 2:
        return None, None
    over_slices = t_interval(throughputs, CONFIDENCE)
    by_restart: dict[int, list[float]] = defaultdict(list)
    for reading, throughput in zip(readings, throughputs, strict=True):
        by_restart[reading.restart].append(throughput)
    slices = over_slices.half_width / over_slices.mean
    if len(by_restart) >= SPREAD_RESTARTS:
        over_restarts = t_interval([fsum(group) / len(group) for group in by_restart.values()], CONFIDENCE)
        restarts = over_restarts.half_width / over_restarts.mean
        if restarts > slices:
            return restarts, "restarts"
    return slices, "slices"


def drift_of(readings: Sequence[Reading]) -> float | None:
    """Return the relative change of the latency over the measurement; None with few slices."""
    times = [reading.piece.started_ns for reading in readings]
    if len(readings) < DRIFT_SLICES or min(times) == max(times):
        return None
    start = min(times)
    return relative_drift([time - start for time in times], [reading.median for reading in readings])


def system_share(diagnostics: Sequence[Diagnostics]) -> float:
    """Return the share of the processor time that was spent in the kernel."""
    own = sum(counters.own_cpu_ns for counters in diagnostics)
    return sum(counters.system_ns for counters in diagnostics) / own if own > 0 else 0.0


def active_threads(diagnostics: Sequence[Diagnostics]) -> int | None:
    """Return the number of threads that used processor time: median over slices."""
    counts = [counters.active_threads for counters in diagnostics if counters.active_threads is not None]
    return int(nearest_rank(counts, 0.5)) if counts else None


def balance_of(readings: Sequence[Reading]) -> float | None:
    """Return the calls of the slowest instance as a share of those of the fastest, median over slices; None for one instance."""
    shares = [reading.piece.instances.balance for reading in readings if reading.piece.instances is not None]
    return median(shares) if shares else None


def phase_medians(readings: Sequence[Reading]) -> PhaseMedians | None:
    """Return the medians of the parts of an iteration; None if they were not timed."""
    import numpy as np

    parts = [times.piece.phases for times in readings if times.piece.phases is not None]
    parts = [times for times in parts if times.stage_ns and times.run_ns and times.fetch_ns]
    if not parts:
        return None
    return PhaseMedians(
        stage_ns=median(np.concatenate([times.stage_ns for times in parts])),
        run_ns=median(np.concatenate([times.run_ns for times in parts])),
        fetch_ns=median(np.concatenate([times.fetch_ns for times in parts])),
        load_ns=median(np.concatenate([times.load_ns for times in parts])) if parts[0].load_ns else None,
    )
