"""The best batch size of each contender: the smallest that is as good as the fastest."""

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
    """What sentences call it."""
    point: OperatingPoint
    """The smallest of the tied."""
    figures: Figures
    """Of that point, as everywhere; from the fresh rounds alone where some confirmed it."""
    fastest: OperatingPoint
    """Where the highest throughput was measured."""
    tied: tuple[OperatingPoint, ...]
    """The points that are less than half the margin behind that one, ascending; it is among them."""
    confirmed: bool
    """Whether fresh rounds decided, instead of those that ranked all sizes."""
    only_size: bool = False
    """Whether no other size was measured, so that there was nothing to choose and nothing to confirm."""
    largest_tried: bool
    """Whether no larger batch size was measured, so that a larger one might be better still."""
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
    """The recommended point of a contender; None where it has no figures.

    Where the confirm phase re-measured the size that ranked first before it, or one that stands in for that, the sizes
    that it re-measured are ranked anew, by its rounds alone: the highest of many noisy figures is too high on average.
    Rounds of all phases decide which of them are tied.

    Args:
        label: the contender.
        name: what sentences call it.
        points: its points that differ in the batch size only.
        table: figures by candidate.
        measurements: the rounds.
        margin: relative difference below which two sizes count as the same.
    """
    ranked = ranking(label, points, table)
    if not ranked:
        return None
    fresh = {found.point: found for found in ranked if found.confirmed}
    # Figures of the earlier rounds alone are needed only to tell whether the fresh ones decide.
    earlier = (_earlier(point, measurements) for point in points if fresh)
    swept = _descending([found for found in earlier if found is not None])
    confirmed = stand_in(label, swept, measurements, fresh, margin=margin) is not None
    ranked_fresh = _descending(list(fresh.values())) if confirmed else ranked
    # Figures come from the fresh rounds alone; how far apart two sizes are, all processes tell better than the last one.
    tied = _tied(label, ranked_fresh, measurements, BOTH if confirmed else ("measure",), margin)
    chosen = min(tied, key=lambda found: found.point)
    return Best(
        contender=label,
        name=name,
        point=chosen.point,
        figures=chosen,
        fastest=ranked_fresh[0].point,
        tied=tuple(sorted(found.point for found in tied)),
        confirmed=confirmed,
        only_size=len(ranked) == 1,
        largest_tried=chosen.point == max(found.point for found in ranked) and len(ranked) > 1,
        margin=margin,
    )


def ranking(label: str, points: Sequence[Point], table: Mapping[Candidate, Figures]) -> list[Figures]:
    """The figures of a contender's points, the highest throughput first."""
    return _descending([found for point in points if (found := table.get(Candidate(label, point.point))) is not None])


def stand_in(
    label: str,
    ranked: Sequence[Figures],
    measurements: Measurements,
    confirmed: Collection[OperatingPoint],
    *,
    margin: float = MARGIN,
) -> Figures | None:
    """The size that ranks first, if it was confirmed; else a confirmed one that is tied with it and no larger, if any.

    On a plateau the last rounds often bring another size to the top, by less than what counts as a difference.

    Args:
        label: the contender.
        ranked: the figures that its sizes had before any was confirmed, the highest throughput first.
        measurements: the rounds.
        confirmed: the sizes that fresh rounds re-measured.
        margin: relative difference below which two sizes count as the same.
    """
    if not ranked:
        return None
    tied = _tied(label, ranked, measurements, ("measure",), margin)
    return next((found for found in tied if found.point in confirmed and found.point <= ranked[0].point), None)


def to_confirm(
    label: str,
    points: Sequence[Point],
    table: Mapping[Candidate, Figures],
    measurements: Measurements,
    *,
    margin: float = MARGIN,
    mode: Mode = "default",
) -> tuple[OperatingPoint, ...]:
    """The points that fresh rounds should re-measure: the fastest, the smallest tied with it, and the next in rank.

    Args:
        label: the contender.
        points: its points that differ in the batch size only.
        table: figures by candidate.
        measurements: the rounds of the measure phase.
        margin: relative difference below which two sizes count as the same.
        mode: decides how many points, at most.
    """
    ranked = ranking(label, points, table)
    if not ranked:
        return ()
    smallest = min(found.point for found in _tied(label, ranked, measurements, ("measure",), margin))
    in_order = dict.fromkeys([ranked[0].point, smallest, *(found.point for found in ranked)])
    return tuple(sorted(list(in_order)[: CONFIRMED_SIZES[mode]]))


def _tied(
    label: str, ranked: Sequence[Figures], measurements: Measurements, phases: tuple[Phase, ...], margin: float
) -> list[Figures]:
    """The fastest and those less than half the margin behind it, by rounds that lie close together in time.

    Whether a difference is shown plays no part: where noise hides much, that would recommend on no evidence.
    """
    fastest, *others = ranked
    tied = [fastest]
    for found in others:
        contrast = measurements.contrast(Candidate(label, fastest.point), Candidate(label, found.point), phases)
        behind = exp(contrast.mean) if contrast is not None else fastest.throughput / found.throughput
        if behind - 1 <= TIE_SHARE * margin:
            tied.append(found)
    return tied


def _earlier(point: Point, measurements: Measurements) -> Figures | None:
    """The figures of a point by the rounds before any was confirmed."""
    candidate = Candidate(point.contender, point.point)
    only = msgspec.structs.replace(point, slices=measurements.slices(candidate, ("measure",)))
    return figures(only, measurements.readings(candidate, ("measure",)))


def _descending(found: list[Figures]) -> list[Figures]:
    return sorted(found, key=lambda one: (-one.throughput, one.point))
