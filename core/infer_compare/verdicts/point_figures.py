"""The figures that reports show of the points of a run: those of fresh rounds where there were any."""

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
    """The figures of every point that has any, by candidate.

    Args:
        points: of a run.
        measurements: the index of the run's rounds.
        metrics: what was measured around its slices besides.
    """
    found = {}
    for point in points:
        one = point_figures(point, measurements, metrics)
        if one is not None:
            found[Candidate(point.contender, point.point)] = one
    return found


def point_figures(point: Point, measurements: Measurements, metrics: Sequence[MetricInfo] = ()) -> Figures | None:
    """Return the figures that every report shows for a point; None where there are none.

    Where fresh rounds confirmed it, throughput and latencies are those of these rounds alone: the highest of many noisy
    figures is too high on average, and no choice among sizes has flattered these. What tells how it ran (flags, faults,
    drift, the share of rejected slices) rests on all rounds, and so does the 99th percentile where the fresh rounds have
    too few calls for one.

    Args:
        point: with its slices and warm-ups.
        measurements: the index of the run's rounds.
        metrics: what was measured around its slices besides.
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
    return median([one.throughput(candidate.point.batch) for one in rates]) if rates else None
