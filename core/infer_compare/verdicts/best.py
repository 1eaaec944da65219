"""The best batch size of each contender: the smallest that is practically as good as the fastest."""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING

import msgspec

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.verdicts.figures import Figures, figures
from infer_compare.verdicts.measurements import BOTH, Candidate, Measurements, Phase
from infer_compare.verdicts.protocol import CONFIRMED_SIZES, MARGIN, TIE_SHARE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from infer_compare.request.options import Mode
    from infer_compare.results import Point


class Best(msgspec.Struct, frozen=True, kw_only=True):
    """The operating point that is recommended for one contender."""

    contender: str
    name: str
    """Its name in texts."""
    point: OperatingPoint
    """The smallest of the tied points."""
    figures: Figures
    """Of that point; from the fresh rounds alone if they confirmed it."""
    fastest: OperatingPoint
    """The point with the highest measured throughput."""
    tied: tuple[OperatingPoint, ...]
    """The points at most half the margin behind the fastest, ascending, including it."""
    confirmed: bool
    """Whether fresh rounds decided, instead of those that ranked all sizes."""
    only_size: bool = False
    """Whether no other size was measured; then there is nothing to choose or confirm."""
    largest_tried: bool
    """Whether no larger batch size was measured; a larger one might then be even better."""
    margin: float


def best(
    label: str,
    name: str,
    points: Sequence[Point],
    table: Mapping[Candidate, Figures],
    measurements: Measurements,
    *,
    margin: float = MARGIN,
) -> Best | None:
    """Return the recommended point of a contender; None if it has no figures.

    If the confirm phase measured the first-ranked size again, or one that is tied with it, the confirmed sizes are ranked
    again by its rounds alone: the highest of many noisy figures is too high on average. Rounds of all phases decide which
    sizes are tied.

    Args:
        label: the contender.
        name: its name in texts.
        points: its points that differ in the batch size only.
        table: figures by candidate.
        measurements: the rounds.
        margin: relative difference below which two sizes count as the same.
    """
    ranked = ranking(label, points, table)
    if not ranked:
        return None
    fresh = {size.point: size for size in ranked if size.confirmed}
    # Figures of the earlier rounds are needed only to determine whether the fresh ones decide.
    earlier = (_earlier(point, measurements) for point in points if fresh)
    swept = _descending([size for size in earlier if size is not None])
    confirmed = stand_in(label, swept, measurements, fresh, margin=margin) is not None
    ranked_fresh = _descending(list(fresh.values())) if confirmed else ranked
    # Figures come from the fresh rounds alone, but ties from all rounds: more processes show differences better.
    tied = _tied(label, ranked_fresh, measurements, BOTH if confirmed else ("measure",), margin)
    chosen = min(tied, key=lambda size: size.point)
    return Best(
        contender=label,
        name=name,
        point=chosen.point,
        figures=chosen,
        fastest=ranked_fresh[0].point,
        tied=tuple(sorted(size.point for size in tied)),
        confirmed=confirmed,
        only_size=len(ranked) == 1,
        largest_tried=chosen.point == max(size.point for size in ranked) and len(ranked) > 1,
        margin=margin,
    )


def ranking(label: str, points: Sequence[Point], table: Mapping[Candidate, Figures]) -> list[Figures]:
    """Return the figures of a contender's points, the highest throughput first."""
    return _descending([found for point in points if (found := table.get(Candidate(label, point.point))) is not None])


def stand_in(
    label: str,
    ranked: Sequence[Figures],
    measurements: Measurements,
    confirmed: Collection[OperatingPoint],
    *,
    margin: float = MARGIN,
) -> Figures | None:
    """Return the first-ranked size if it was confirmed, else a confirmed one that is tied with it and no larger, else None.

    On a plateau, the last rounds before confirming often move another size to the top by an insignificant difference.

    Args:
        label: the contender.
        ranked: the figures of its sizes before any was confirmed, the highest throughput first.
        measurements: the rounds.
        confirmed: the sizes that fresh rounds measured again.
        margin: relative difference below which two sizes count as the same.
    """
    if not ranked:
        return None
    tied = _tied(label, ranked, measurements, ("measure",), margin)
    return next(
        (candidate for candidate in tied if candidate.point in confirmed and candidate.point <= ranked[0].point), None
    )


def to_confirm(
    label: str,
    points: Sequence[Point],
    table: Mapping[Candidate, Figures],
    measurements: Measurements,
    *,
    margin: float = MARGIN,
    mode: Mode = "default",
) -> tuple[OperatingPoint, ...]:
    """Return the points that fresh rounds should measure again: the fastest, the smallest tied with it, and the next in rank.

    Args:
        label: the contender.
        points: its points that differ in the batch size only.
        table: figures by candidate.
        measurements: the rounds of the measure phase.
        margin: relative difference below which two sizes count as the same.
        mode: determines the largest number of points.
    """
    ranked = ranking(label, points, table)
    if not ranked:
        return ()
    smallest = min(size.point for size in _tied(label, ranked, measurements, ("measure",), margin))
    in_order = dict.fromkeys([ranked[0].point, smallest, *(size.point for size in ranked)])
    return tuple(sorted(list(in_order)[: CONFIRMED_SIZES[mode]]))


def _tied(
    label: str, ranked: Sequence[Figures], measurements: Measurements, phases: tuple[Phase, ...], margin: float
) -> list[Figures]:
    """Return the fastest size and those at most half the margin behind it, compared by rounds close together in time.

    Estimates decide, not the significance of differences: with much noise all sizes would count as tied.
    """
    fastest, *others = ranked
    tied = [fastest]
    for other in others:
        contrast = measurements.contrast(Candidate(label, fastest.point), Candidate(label, other.point), phases)
        behind = exp(contrast.mean) if contrast is not None else fastest.throughput / other.throughput
        if behind - 1 <= TIE_SHARE * margin:
            tied.append(other)
    return tied


def _earlier(point: Point, measurements: Measurements) -> Figures | None:
    """Return the figures of a point by the rounds of the measure phase alone."""
    candidate = Candidate(point.contender, point.point)
    only = msgspec.structs.replace(point, slices=measurements.slices(candidate, ("measure",)))
    return figures(only, measurements.readings(candidate, ("measure",)))


def _descending(sizes: list[Figures]) -> list[Figures]:
    return sorted(sizes, key=lambda size: (-size.throughput, size.point))
