"""What the accepted slices of a point say together: spread, drift, parts of an iteration, threads."""

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
    """Medians over iterations of the parts of an end-to-end iteration, in nanoseconds."""

    stage_ns: float
    run_ns: float
    """Run and synchronize."""
    fetch_ns: float
    load_ns: float | None = None
    """Assembling batches, in passes over a data set."""


def power_capped(readings: Sequence[Reading]) -> bool:
    """Return whether the power limit held the clocks down for too long."""
    shares = [
        one.piece.diagnostics.gpu.power_capped_share
        for one in readings
        if one.piece.diagnostics is not None and one.piece.diagnostics.gpu is not None
    ]
    return bool(shares) and median(shares) > POWER_CAPPED_SHARE


def spread_of(readings: Sequence[Reading], batch: int) -> tuple[float | None, Literal["slices", "restarts"] | None]:
    """Return the relative half-width of the throughput's interval, and what it rests on."""
    throughputs = [one.throughput(batch) for one in readings]
    if len(throughputs) < 2:
        return None, None
    over_slices = t_interval(throughputs, CONFIDENCE)
    by_restart: dict[int, list[float]] = defaultdict(list)
    for one, throughput in zip(readings, throughputs, strict=True):
        by_restart[one.restart].append(throughput)
    slices = over_slices.half_width / over_slices.mean
    if len(by_restart) >= SPREAD_RESTARTS:
        over_restarts = t_interval([fsum(group) / len(group) for group in by_restart.values()], CONFIDENCE)
        restarts = over_restarts.half_width / over_restarts.mean
        if restarts > slices:
            return restarts, "restarts"
    return slices, "slices"


def drift_of(readings: Sequence[Reading]) -> float | None:
    """Return the relative change of the latency over the measurement; None with few slices."""
    times = [one.piece.started_ns for one in readings]
    if len(readings) < DRIFT_SLICES or min(times) == max(times):
        return None
    start = min(times)
    return relative_drift([time - start for time in times], [one.median for one in readings])


def system_share(diagnostics: Sequence[Diagnostics]) -> float:
    """Return the share of the processor time that was spent in the kernel."""
    own = sum(one.own_cpu_ns for one in diagnostics)
    return sum(one.system_ns for one in diagnostics) / own if own > 0 else 0.0


def active_threads(diagnostics: Sequence[Diagnostics]) -> int | None:
    """Return the threads that used processor time: median over slices."""
    counts = [one.active_threads for one in diagnostics if one.active_threads is not None]
    return int(nearest_rank(counts, 0.5)) if counts else None


def balance_of(readings: Sequence[Reading]) -> float | None:
    """Return the calls of the slowest instance as a share of those of the fastest: median over slices; None for one instance."""
    shares = [one.piece.instances.balance for one in readings if one.piece.instances is not None]
    return median(shares) if shares else None


def phase_medians(readings: Sequence[Reading]) -> PhaseMedians | None:
    """Return the medians of the parts of an iteration; None where they were not timed."""
    import numpy as np

    parts = [one.piece.phases for one in readings if one.piece.phases is not None]
    parts = [one for one in parts if one.stage_ns and one.run_ns and one.fetch_ns]
    if not parts:
        return None
    return PhaseMedians(
        stage_ns=median(np.concatenate([one.stage_ns for one in parts])),
        run_ns=median(np.concatenate([one.run_ns for one in parts])),
        fetch_ns=median(np.concatenate([one.fetch_ns for one in parts])),
        load_ns=median(np.concatenate([one.load_ns for one in parts])) if parts[0].load_ns else None,
    )
