"""Which batch sizes are shown to keep a latency bound, and the best among them."""

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
    """Shown; without enough independent calls nothing is shown."""
    calls: int
    """Stamps of accepted slices: calls, or blocks of calls where a stamp covers several."""
    over: int
    """Those above the bound."""
    calls_effective: int
    """Independent calls that they are worth, neighbours being alike."""
    over_effective: int
    calls_needed: int
    """Independent calls that would have shown it with that many above the bound."""
    latency_ns: float
    """At the percentile."""
    throughput: float
    blocks: bool
    """Whether stamps are means of several calls, so that single calls may be slower."""

    hopeless: bool
    """A larger share was above the bound than the percentile allows: more calls would not help."""


class BoundAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a latency bound leaves."""

    bound_ns: int
    percentile: float
    confidence: float
    checks: tuple[BoundCheck, ...]
    """Every measured point, by contender and point."""
    best: BoundCheck | None
    """The highest throughput among the points shown to hold; None: none was shown to hold."""
    largest: tuple[BoundCheck, ...]
    """For each contender the largest size shown to hold; contenders without one are left out."""


class KeptBound(msgspec.Struct, frozen=True, kw_only=True):
    """From which latency bound on a point is shown to keep it."""

    contender: str
    name: str
    point: OperatingPoint
    throughput: float
    latency_ns: float
    """At the percentile, as a check of a bound says it."""
    bound_ns: int | None
    """The smallest bound that it is shown to keep, as it keeps every larger one; None: its calls show none."""

    def holds(self, bound_ns: float) -> bool:
        """Whether the point is shown to keep a bound."""
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
        points: figures, what sentences call the contender, and its calls.
        percentiles: such as 95.
    """
    return tuple(
        KeptBounds(
            percentile=percentile,
            points=tuple(
                KeptBound(
                    contender=own.contender,
                    name=name,
                    point=own.point,
                    throughput=own.throughput,
                    latency_ns=calls.latency(percentile),
                    bound_ns=calls.kept_from(percentile),
                )
                for own, name, calls in points
            ),
        )
        for percentile in percentiles
    )


def with_latency_bound(run: Run, bound_ns: int, percentile: float | None = None) -> Run:
    """Return the run as it would be stored, had it been asked for another latency bound: its calls are the same.

    Args:
        run: a stored run.
        bound_ns: the bound, above 0.
        percentile: at which the bound must hold, between 0 and 100; that of the run when None.

    Raises:
        UsageError: the run timed passes over a data set, which have no latency of a call.
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


def check_bound(found: Figures, name: str, calls: SlowCalls, bound_ns: int, percentile: float) -> BoundCheck:
    """Return the binomial test on effective calls for one point; a bound holds where every larger one holds too.

    Args:
        found: the figures of the point.
        name: what sentences call the contender.
        calls: those of its accepted slices.
        bound_ns: the bound.
        percentile: at which it must hold, such as 95.
    """
    (over,), (effective,), (over_effective,) = calls.above([bound_ns])
    kept_from = calls.kept_from(percentile)
    return BoundCheck(
        contender=found.contender,
        name=name,
        point=found.point,
        holds=kept_from is not None and kept_from <= bound_ns,
        calls=calls.number,
        over=over,
        calls_effective=effective,
        over_effective=over_effective,
        calls_needed=n_min(percentile, over_effective, CONFIDENCE),
        latency_ns=calls.latency(percentile),
        throughput=found.throughput,
        hopeless=over > calls.number * (100 - percentile) / 100,
        blocks=found.calls_per_stamp > 1,
    )


def answer_bound(checks: Sequence[BoundCheck], bound_ns: int, percentile: float) -> BoundAnswer:
    """The best and the largest among the points that are shown to hold."""
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
