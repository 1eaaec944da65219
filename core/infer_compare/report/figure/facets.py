"""What one row of panels shows: the curves of one run at one setting of its other axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from infer_compare.report.phrases import axes_words, machine_words
from infer_compare.report.words import plain
from infer_compare.stats.wording import count, duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from infer_compare.report.schema import Curve, PointReport, ReportDocument
    from infer_compare.verdicts import Figures

PERCENTILE = 95.0
"""Of the frontier, where no latency bound names one that reports have."""


class Facet(NamedTuple):
    """One row of panels."""

    title: str
    names: dict[str, str]
    curves: tuple[Curve, ...]
    best: dict[str, int]
    """The recommended batch size by contender."""
    ranked: frozenset[str]
    """Contenders that the frontier may be made of."""
    percentile: float
    """Of the latency of the frontier."""
    bound_ms: float | None
    """The latency bound, where it is one on that percentile."""


def facets(documents: Sequence[ReportDocument]) -> list[Facet]:
    """One for each run and each setting of its other axes."""
    found: list[Facet] = []
    plain_titles = [_title(document, "") for document in documents]
    for document, title in zip(documents, plain_titles, strict=True):
        # Runs of one model on one machine are told apart by their identifiers.
        run = f", run {document.run_id}" if plain_titles.count(title) > 1 else ""
        settings = dict.fromkeys(curve.axes for curve in document.curves) or {(): None}
        for axes in settings:
            bests = [best for one in document.answers if one.answer.axes == axes for best in one.answer.by_contender]
            bound = document.plan.latency_bound_ns
            drawable = bound is not None and document.plan.percentile in LATENCIES
            found.append(
                Facet(
                    title=plain(f"{_title(document, axes_words(axes))}{run}"),
                    names={one.label: plain(one.name) for one in document.contenders},
                    curves=tuple(curve for curve in document.curves if curve.axes == axes),
                    best={best.contender: best.point.batch for best in bests},
                    ranked=frozenset(best.contender for best in bests),
                    percentile=document.plan.percentile if drawable else PERCENTILE,
                    bound_ms=bound / 1e6 if drawable and bound is not None else None,
                )
            )
    return found


def latency_ms(found: Figures, percentile: float) -> float | None:
    """The latency at one of the percentiles that reports have; None where there were too few calls for it."""
    nanoseconds = getattr(found, LATENCIES[percentile])
    return nanoseconds / 1e6 if nanoseconds is not None else None


LATENCIES = {50.0: "latency_p50_ns", 90.0: "latency_p90_ns", 95.0: "latency_p95_ns", 99.0: "latency_p99_ns"}


def measured(curve: Curve) -> list[tuple[int, Figures]]:
    """Batch sizes with their figures, ascending."""
    return [(point.point.batch, point.figures) for point in curve.points if point.figures is not None]


def unfit(curve: Curve) -> list[PointReport]:
    """The points that were tried and did not run."""
    return [point for point in curve.points if point.outcome not in {"measured", "skipped"}]


def frontier(places: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """The (latency, throughput) pairs that no other pair beats in both, by latency."""
    kept: list[tuple[float, float]] = []
    for latency, throughput in sorted(places, key=lambda place: (place[0], -place[1])):
        if not kept or throughput > kept[-1][1]:
            kept.append((latency, throughput))
    return kept


def _title(document: ReportDocument, axes: str) -> str:
    plan = document.plan
    bound = f", p{plan.percentile:g} within {duration(plan.latency_bound_ns)}" if plan.latency_bound_ns else ""
    words = [document.model.name, *([axes] if axes else []), machine_words(document), count(plan.threads, "thread")]
    return plain(f"{', '.join(words)}, scope {plan.scope}{bound}")
