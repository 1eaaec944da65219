"""The figures of points as reports show them: from fresh rounds if the point was confirmed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.stats.quantiles import median
from infer_compare.verdicts.figures import Figures, figures
from infer_compare.verdicts.measurements import Candidate
from infer_compare.verdicts.reading import throughput_series

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from infer_compare.interfaces import MetricInfo
    from infer_compare.results import Point
    from infer_compare.verdicts.measurements import Measurements


def figures_table(
    points: Iterable[Point], measurements: Measurements, metrics: Sequence[MetricInfo] = ()
) -> dict[Candidate, Figures]:
    """Return the figures of all points that have any, by candidate.

    Args:
        points: of a run.
        measurements: the index of the run's rounds.
        metrics: additional metrics measured around its slices.
    """
    table = {}
    for point in points:
        shown = point_figures(point, measurements, metrics)
        if shown is not None:
            table[Candidate(point.contender, point.point)] = shown
    return table


def point_figures(point: Point, measurements: Measurements, metrics: Sequence[MetricInfo] = ()) -> Figures | None:
    """Return the figures of a point as reports show them; None if there are none.

    If fresh rounds confirmed the point, throughput and latencies come from these alone: the highest of many noisy figures is too
    high on average, and the fresh rounds are free of that selection. Facts about how it ran (flags, faults, drift, the share of
    rejected slices) are based on all rounds, and so is the 99th percentile if the fresh rounds have too few calls for it.

    Args:
        point: with its slices and warm-ups.
        measurements: the index of the run's rounds.
        metrics: additional metrics measured around its slices.
    """
    candidate = Candidate(point.contender, point.point)
    whole = figures(point, measurements.readings(candidate, ("measure", "confirm", "sustain")), metrics)
    if whole is None or not measurements.confirmed(candidate):
        return whole
    fresh = figures(point, measurements.readings(candidate, ("confirm", "sustain")), metrics)
    if fresh is None:
        return whole
    p99_ns = fresh.latency_p99_ns
    if p99_ns is None and whole.latency_p99_ns is not None and whole.latency_p99_ns >= fresh.latency_p95_ns:
        p99_ns = whole.latency_p99_ns
    return msgspec.structs.replace(
        fresh,
        latency_p99_ns=p99_ns,
        outliers_mild=whole.outliers_mild,
        outliers_severe=whole.outliers_severe,
        drift=whole.drift,
        modes_ns=whole.modes_ns,
        minor_faults_per_call=whole.minor_faults_per_call,
        page_fault_bound=whole.page_fault_bound,
        active_threads=whole.active_threads,
        oversubscribed=whole.oversubscribed,
        balance=whole.balance,
        power_capped=whole.power_capped,
        confirmed=True,
        earlier_throughput=_earlier_throughput(candidate, measurements),
    )


def _earlier_throughput(candidate: Candidate, measurements: Measurements) -> float | None:
    rates = throughput_series(measurements.readings(candidate, ("measure",)))
    return median([reading.throughput(candidate.point.batch) for reading in rates]) if rates else None
