"""The answer of a run: the recommended contender and batch size, and how certain that is."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import msgspec

from infer_compare.stats.holm import holm
from infer_compare.verdicts.best import Best, best
from infer_compare.verdicts.bound import BoundAnswer, KeptBounds, answer_bound, check_bound, kept_bounds
from infer_compare.verdicts.looks import Verdict, guarded
from infer_compare.verdicts.measurements import BOTH, Candidate, Measurements
from infer_compare.verdicts.pairs import PairVerdict, Side, side
from infer_compare.verdicts.protocol import (
    BOUND_PERCENTILES,
    EARLY_LOOK_ERROR,
    EARLY_LOOKS,
    FAMILY_ERROR,
    ORDINARY_RESTARTS,
)
from infer_compare.verdicts.reading import latency_series
from infer_compare.verdicts.setups import family
from infer_compare.verdicts.slow_calls import SlowCalls
from infer_compare.verdicts.verdict import margin_between, pair_verdict
from infer_compare.verdicts.withheld import Shortfall, Withheld, withheld

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infer_compare.results import Point, Run
    from infer_compare.verdicts.contrast import Contrast
    from infer_compare.verdicts.evidence import Evidence
    from infer_compare.verdicts.figures import Figures

Axes = tuple[tuple[str, int], ...]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The recommendation for one setting of the axes other than the batch."""

    axes: Axes = ()
    """Sizes of the other axes, such as `(("seq", 128),)`."""
    recommended: Best | None
    """The best point of the fastest contender; None if nothing was measured."""
    by_contender: tuple[Best, ...]
    """The best point of each ranked contender, the highest throughput first."""
    headline: tuple[PairVerdict, ...]
    """Verdicts on the recommended point against the best of each other contender, adjusted as one family by Holm's method."""
    variants: tuple[PairVerdict, ...] = ()
    """Verdicts on the bests of other contenders that differ only in precision, threads or instances; not adjusted."""
    bound: BoundAnswer | None = None
    """The points that keep the requested latency bound; None without a bound."""
    kept: tuple[KeptBounds, ...] = ()
    """The smallest latency bound that each ranked point is shown to keep, for several percentiles, ascending."""


def answer(
    run: Run,
    points: Sequence[Point],
    table: Mapping[Candidate, Figures],
    measurements: Measurements,
    *,
    axes: Axes = (),
    every_bound: bool = True,
) -> Answer:
    """Return the answer for one setting, from the points of the ranked contenders.

    Args:
        run: the run.
        points: points of ranked contenders at this setting.
        table: figures by candidate.
        measurements: the rounds.
        axes: sizes of the axes other than the batch.
        every_bound: whether to compute the latency bounds that each point keeps, besides the requested one.
    """
    options, margin = run.header.options, run.header.plan.margin
    bests: list[Best] = []
    for label in run.labels:
        of_label = [point for point in points if point.contender == label]
        if of_label and (chosen := best(label, run.name(label), of_label, table, measurements, margin=margin)):
            bests.append(chosen)
    bests.sort(key=lambda chosen: -chosen.figures.throughput)
    # A point with sustained slices alone has figures, but no latencies of single calls.
    timed = [
        (table[candidate], side(run, *candidate).name, SlowCalls(readings))
        for candidate in (Candidate(point.contender, point.point) for point in points)
        if candidate in table and (readings := latency_series(measurements.readings(candidate)))
    ]
    bound: BoundAnswer | None = None
    kept: tuple[KeptBounds, ...] = ()
    if options.latency_bound_ns is not None:
        checks = [check_bound(*point, options.latency_bound_ns, options.percentile) for point in timed]
        bound = answer_bound(checks, options.latency_bound_ns, options.percentile)
    if every_bound and timed and options.scope != "dataset":
        kept = kept_bounds(timed, sorted({*BOUND_PERCENTILES, options.percentile}))
    return Answer(
        axes=axes,
        recommended=bests[0] if bests else None,
        by_contender=tuple(bests),
        headline=_headline(run, bests, measurements),
        variants=tuple(
            _compared(run, first, second, measurements)[0]
            for first, second in combinations(bests[1:], 2)
            if family(run, first.contender) == family(run, second.contender)
        ),
        bound=bound,
        kept=kept,
    )


def _headline(run: Run, bests: Sequence[Best], measurements: Measurements) -> tuple[PairVerdict, ...]:
    if not bests:
        return ()
    first, *others = bests
    pairs: list[PairVerdict] = []
    known: list[tuple[Contrast, Evidence | None] | None] = []
    for other in others:
        pair, rounds = _compared(run, first, other, measurements)
        pairs.append(pair)
        known.append(rounds)
    return _adjusted(run, pairs, known)


def _compared(
    run: Run, first: Best, second: Best, measurements: Measurements
) -> tuple[PairVerdict, tuple[Contrast, Evidence | None] | None]:
    """Return the unadjusted verdict on two bests, and the contrast and evidence behind it; None without clean rounds."""
    a, b = (side(run, best.contender, best.point) for best in (first, second))
    margin = margin_between(run, a.label, b.label)
    contrast = _best_against_best(a, b, measurements)
    if contrast is None:
        reason = Withheld(shortfall=Shortfall(rule="no_clean_round"))
        return PairVerdict(a=a, b=b, verdict=Verdict.INCONCLUSIVE, margin=margin, withheld=reason), None
    compared = measurements.family(a.label, b.label, BOTH)
    verdict = pair_verdict(a, b, contrast, compared, run.header, margin=margin, best=True)
    return verdict, (contrast, compared.evidence(contrast))


def _best_against_best(a: Side, b: Side, measurements: Measurements) -> Contrast | None:
    """Return the contrast by fresh rounds alone if they span enough restarts to decide, else by all rounds."""
    first, second = Candidate(a.label, a.point), Candidate(b.label, b.point)
    fresh = measurements.contrast(first, second, ("confirm",))
    if fresh is not None and fresh.restarts >= ORDINARY_RESTARTS:
        return fresh
    return measurements.contrast(first, second, BOTH)


def _adjusted(
    run: Run, pairs: Sequence[PairVerdict], known: Sequence[tuple[Contrast, Evidence | None] | None]
) -> tuple[PairVerdict, ...]:
    """Return verdicts after Holm's adjustment: FASTER and SLOWER become INCONCLUSIVE if they do not survive it.

    Args:
        run: the run.
        pairs: the unadjusted verdicts.
        known: the contrast and evidence behind each; None without clean rounds.
    """
    p_values = {
        index: value
        for index, (pair, rounds) in enumerate(zip(pairs, known, strict=True))
        if rounds is not None and (value := _p_value(pair, rounds[0])) is not None
    }
    result = list(pairs)
    for index, adjusted in zip(p_values, holm(list(p_values.values())), strict=True):
        pair, rounds = msgspec.structs.replace(pairs[index], adjusted_p=adjusted), known[index]
        if pair.verdict in {Verdict.FASTER, Verdict.SLOWER} and adjusted > FAMILY_ERROR and rounds is not None:
            shortfall = Shortfall(
                rule="contenders" if p_values[index] <= FAMILY_ERROR else "error",
                p_value=p_values[index],
                allowed=FAMILY_ERROR * p_values[index] / adjusted if adjusted else FAMILY_ERROR,
                compared=len(p_values),
            )
            reason = withheld(shortfall, rounds[0], run.header.options.mode, rounds[1], margin=pair.margin)
            pair = msgspec.structs.replace(pair, verdict=Verdict.INCONCLUSIVE, settled_after=None, withheld=reason)
        result[index] = pair
    return tuple(result)


def _p_value(pair: PairVerdict, contrast: Contrast) -> float | None:
    """Return the p-value of the t test, at most the simulated error of a guarded look if the verdict satisfies one."""
    if pair.comparison is None or pair.comparison.p_value is None:
        return None
    looks = (
        guarded(data, EARLY_LOOKS[data.restarts], pair.margin)
        for restarts in EARLY_LOOKS
        if (data := contrast.first(restarts)).restarts == restarts
    )
    return min(pair.comparison.p_value, EARLY_LOOK_ERROR) if any(looks) else pair.comparison.p_value
