"""Latency bounds: the points that are shown to keep them, and the best of these."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.errors import UsageError
from infer_compare.interfaces.values import OperatingPoint
from infer_compare.stats.binomial import n_min
from infer_compare.verdicts.protocol import CONFIDENCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from infer_compare.results import Run
    from infer_compare.verdicts.figures import Figures
    from infer_compare.verdicts.slow_calls import SlowCalls


class BoundCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Whether one point keeps the bound, with the evidence."""

    contender: str
    name: str
    point: OperatingPoint
    holds: bool
    """Whether the point is shown to keep the bound, which takes enough independent calls."""
    calls: int
    """Stamps of accepted slices: calls, or blocks of calls."""
    over: int
    """Stamps above the bound."""
    calls_effective: int
    """Number of independent calls to which they are equivalent, as consecutive calls are correlated."""
    over_effective: int
    """Independent calls above the bound."""
    calls_needed: int
    """Independent calls that would show the bound to be kept with that many above it."""
    latency_ns: float
    """At the percentile."""
    throughput: float
    blocks: bool
    """Whether stamps are means of several calls; single calls may then be slower."""

    hopeless: bool
    """Whether a larger share of calls was above the bound than the percentile allows; more calls would not help."""


class BoundAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The points that keep a latency bound."""

    bound_ns: int
    percentile: float
    confidence: float
    checks: tuple[BoundCheck, ...]
    """Every measured point, by contender and point."""
    best: BoundCheck | None
    """The point with the highest throughput of those shown to keep the bound; None if there are none."""
    largest: tuple[BoundCheck, ...]
    """For each contender, the largest size shown to keep the bound; contenders without one are left out."""


class KeptBound(msgspec.Struct, frozen=True, kw_only=True):
    """The smallest latency bound that a point is shown to keep."""

    contender: str
    name: str
    point: OperatingPoint
    throughput: float
    latency_ns: float
    """At the percentile, as in `BoundCheck`."""
    bound_ns: int | None
    """The smallest bound that it is shown to keep, together with every larger one; None if there is none."""

    def holds(self, bound_ns: float) -> bool:
        """Return whether the point is shown to keep a bound."""
        return self.bound_ns is not None and self.bound_ns <= bound_ns


class KeptBounds(msgspec.Struct, frozen=True, kw_only=True):
    """The smallest bounds that ranked points are shown to keep, at one percentile."""

    percentile: float
    points: tuple[KeptBound, ...]


def kept_bounds(
    points: Sequence[tuple[Figures, str, SlowCalls]], percentiles: Iterable[float]
) -> tuple[KeptBounds, ...]:
    """Return the smallest bound that each point is shown to keep, for each percentile.

    Args:
        points: for each, its figures, the name of its contender in texts, and its calls.
        percentiles: such as 95.
    """
    return tuple(
        KeptBounds(
            percentile=percentile,
            points=tuple(
                KeptBound(
                    contender=figures.contender,
                    name=name,
                    point=figures.point,
                    throughput=figures.throughput,
                    latency_ns=calls.latency(percentile),
                    bound_ns=calls.kept_from(percentile),
                )
                for figures, name, calls in points
            ),
        )
        for percentile in percentiles
    )


def with_latency_bound(run: Run, bound_ns: int, percentile: float | None = None) -> Run:
    """Return a run with another latency bound among its options; the measured calls stay the same.

    Args:
        run: a stored run.
        bound_ns: the bound, above 0.
        percentile: at which the bound must hold, between 0 and 100; None for that of the run.

    Raises:
        UsageError: the run timed passes over a data set, not calls.
    """
    options = run.header.options
    if options.scope == "dataset":
        raise UsageError(
            "A latency bound is about single calls, and this run timed whole passes (--scope dataset); "
            "repeat it with another scope."
        )
    percentile = options.percentile if percentile is None else percentile
    options = msgspec.structs.replace(options, latency_bound=bound_ns / 1e9, percentile=percentile)
    return msgspec.structs.replace(run, header=msgspec.structs.replace(run.header, options=options))


def check_bound(figures: Figures, name: str, calls: SlowCalls, bound_ns: int, percentile: float) -> BoundCheck:
    """Return whether a point keeps a bound, by a binomial test on independent calls; all larger bounds must hold too.

    Args:
        figures: of the point.
        name: of the contender in texts.
        calls: those of its accepted slices.
        bound_ns: the bound.
        percentile: at which it must hold, such as 95.
    """
    (over,), (effective,), (over_effective,) = calls.above([bound_ns])
    kept_from = calls.kept_from(percentile)
    return BoundCheck(
        contender=figures.contender,
        name=name,
        point=figures.point,
        holds=kept_from is not None and kept_from <= bound_ns,
        calls=calls.number,
        over=over,
        calls_effective=effective,
        over_effective=over_effective,
        calls_needed=n_min(percentile, over_effective, CONFIDENCE),
        latency_ns=calls.latency(percentile),
        throughput=figures.throughput,
        hopeless=over > calls.number * (100 - percentile) / 100,
        blocks=figures.calls_per_stamp > 1,
    )


def answer_bound(checks: Sequence[BoundCheck], bound_ns: int, percentile: float) -> BoundAnswer:
    """Return the best and the largest of the points that keep a bound."""
    holding = [check for check in checks if check.holds]
    largest: dict[str, BoundCheck] = {}
    for check in holding:
        known = largest.get(check.contender)
        if known is None or check.point > known.point:
            largest[check.contender] = check
    return BoundAnswer(
        bound_ns=bound_ns,
        percentile=percentile,
        confidence=CONFIDENCE,
        checks=tuple(checks),
        best=max(holding, key=lambda check: check.throughput, default=None),
        largest=tuple(largest.values()),
    )
