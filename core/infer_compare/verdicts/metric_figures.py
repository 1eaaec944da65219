"""Figures of additional metrics, combined over the slices of a point."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

from infer_compare.stats.quantiles import median

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from infer_compare.interfaces import MetricInfo
    from infer_compare.results import Slice


def metric_figures(metrics: Iterable[MetricInfo], slices: Sequence[Slice], batch: int) -> dict[str, float]:
    """Return the figure of each measured metric, by its name.

    Args:
        metrics: those of the run.
        slices: the accepted slices of a point on which its throughput is based.
        batch: its batch size.
    """
    figures = {}
    for metric in metrics:
        counted = [
            (piece.metered.values[metric.name], _divisor(metric, piece, batch))
            for piece in slices
            if piece.metered is not None and metric.name in piece.metered.values
        ]
        if counted:
            figures[metric.name] = _combined(metric, counted)
    return figures


def _divisor(metric: MetricInfo, piece: Slice, batch: int) -> float:
    """Return by what to divide a metric's value for a slice; discarded calls count, as the metric covers them too."""
    calls = piece.calls + piece.discarded
    match metric.per:
        case "sample":
            return calls * (piece.samples or batch)
        case "call":
            return calls
        case "second":
            assert piece.metered is not None
            return piece.metered.window_ns / 1e9
        case "slice":
            return 1


def _combined(metric: MetricInfo, counted: Sequence[tuple[float, float]]) -> float:
    values = [value / divisor for value, divisor in counted]
    match metric.combine:
        case "total":
            return fsum(value for value, _ in counted) / fsum(divisor for _, divisor in counted)
        case "median":
            return median(values)
        case "largest":
            return max(values)
        case "smallest":
            return min(values)
