"""The rule by which verdicts are settled, for thousands of runs at once; `rule.py` checks it against the real one.

Arrays have the axes runs, points, restarts and rounds. Verdicts are numbers: 0 open, 1 faster, 2 slower, 3 same. As in a
real run, a point that is settled gets no further restarts, and leaves the layout of those that go on.
"""

from __future__ import annotations

from math import log, log1p
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import t as student

from infer_compare.verdicts.contrast import PairedRounds
from infer_compare.verdicts.evidence import Family
from infer_compare.verdicts.protocol import (
    CONFIDENCE,
    EARLY_LOOKS,
    EARLY_ROUNDS,
    GUARD,
    MARGIN,
    ODD_POINT,
    ONE_ROUND_ERROR,
    ORDINARY_RESTARTS,
    OWN_WEIGHT,
    PRIOR_DEVIATION,
    PRIOR_DF,
    PRIOR_ROUNDS,
    SAME_RESTARTS,
    error_of_look,
)
from infer_compare.verdicts.settle import Verdict, settlement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from infer_compare.verdicts.contrast import Contrast

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Codes = NDArray[np.int_]

OPEN, FASTER, SLOWER, SAME = range(4)
_CODES = {None: OPEN, Verdict.FASTER: FASTER, Verdict.SLOWER: SLOWER, Verdict.SAME: SAME}


def verdicts(rounds: Floats, allowance: Floats) -> Codes:
    """Return the verdict of each point of each run, of as many restarts as there are.

    Args:
        rounds: log-ratios, (runs, points, restarts, rounds).
        allowance: for contention, (runs, points).
    """
    runs, points, planned, each = rounds.shape
    said = np.full((runs, points), OPEN)
    for restarts in range(2, planned + 1):
        data, still = rounds[:, :, :restarts], said == OPEN
        new = _look(data, allowance, still, error_of_look(restarts, planned, last=restarts == planned), each)
        said = np.where(still, new, said)
    return said


def one_by_one(rounds: Floats, allowance: Floats) -> Codes:
    """Return the same of a single run, (points, restarts, rounds), by what the program itself calls."""
    points, planned, _ = rounds.shape
    said: list[Verdict | None] = [None] * points
    known: list[Contrast] = [_contrast(rounds[point, :1], allowance[point]) for point in range(points)]
    for restarts in range(2, planned + 1):
        still = [point for point in range(points) if said[point] is None]
        for point in still:
            known[point] = _contrast(rounds[point, :restarts], allowance[point])
        family = Family(tuple(known))
        for point in still:
            found = settlement(known[point], planned, family=family)
            said[point] = found.verdict if found else None
    return np.array([_CODES[one] for one in said])


def _contrast(rounds: Floats, allowance: float) -> PairedRounds:
    return PairedRounds(groups=tuple(tuple(map(float, group)) for group in rounds), allowance=float(allowance))


def _look(data: Floats, allowance: Floats, still: Flags, error: float, each: int) -> Codes:
    """What one look says of the points that are still measured."""
    restarts, points = data.shape[2], data.shape[1]
    mean, deviation, df = _moderated(data, still)
    half = student.ppf((1 + CONFIDENCE) / 2, df) * deviation + allowance
    p_value = 2 * student.sf(np.maximum(np.abs(mean) - allowance, 0) / deviation, df)
    flat = data.reshape(*data.shape[:2], -1)
    nearest = np.maximum(flat.min(2), -flat.max(2))
    margin = log1p(MARGIN)
    least = SAME_RESTARTS
    if each < EARLY_ROUNDS:
        least = ORDINARY_RESTARTS
        error = min(error, ONE_ROUND_ERROR) if restarts >= ORDINARY_RESTARTS else 0.0
    shown = (p_value <= error / points) & (error > 0)
    if restarts == min(EARLY_LOOKS):
        shown &= (nearest > log(GUARD)) & (each >= EARLY_ROUNDS)
    if (look := EARLY_LOOKS.get(restarts)) is not None and each >= look.rounds:
        by_restart = _half_width(data.mean(3), look.confidence)
        by_round = _half_width(flat, look.confidence)
        beyond = np.abs(flat.mean(2)) - np.maximum(by_restart, by_round) - allowance > margin
        shown |= (nearest > log(look.guard)) & beyond
    shown &= (np.abs(mean) > margin) & (np.abs(mean) - half > 0)
    same = (np.abs(mean) + half < margin) & (restarts >= least) & (error > 0)
    return np.where(shown, np.where(mean > 0, FASTER, SLOWER), np.where(same, SAME, OPEN))


def _half_width(values: Floats, confidence: float) -> Floats:
    count = values.shape[2]
    if count < 2:
        return np.zeros(values.shape[:2])
    return student.ppf((1 + confidence) / 2, count - 1) * np.sqrt(values.var(2, ddof=1) / count)


def _moderated(data: Floats, members: Flags) -> tuple[Floats, Floats, Floats]:
    """The mean of each point, its standard error and the degrees of freedom of that; members share a layout."""
    means = data.mean(3)
    restarts, each = data.shape[2], data.shape[3]
    own = means.var(2, ddof=1)
    by_rounds = data.var(3, ddof=1).mean(2) / each if each > 1 else np.zeros_like(own)
    count = np.maximum(members.sum(1, keepdims=True), 1)
    prior = np.maximum(PRIOR_DEVIATION**2, PRIOR_ROUNDS * (by_rounds * members).sum(1, keepdims=True) / count)
    others = ((own * members).sum(1, keepdims=True) - own) / np.maximum(count - 1, 1)
    odd = (count > 1) & (own > ODD_POINT * np.maximum(others, prior))
    variance, freedom, kept = _two_way(means, members & ~odd)
    weight_of_prior = np.where(variance > ODD_POINT * prior, 0.0, PRIOR_DF)
    df = weight_of_prior + freedom
    common = (weight_of_prior * prior + freedom * variance) / df
    weight = np.minimum(OWN_WEIGHT, df)
    larger = (own > common) & (kept > 1)
    told = np.where(larger, (weight * common + (restarts - 1) * own) / (weight + restarts - 1), common)
    found_df = np.where(odd, restarts - 1, np.where(larger, weight + restarts - 1, df))
    told = np.maximum(np.where(odd, own, told), by_rounds)
    return means.mean(2), np.sqrt(np.maximum(told, 1e-30) / restarts), found_df


def _two_way(means: Floats, kept: Flags) -> tuple[Floats, Floats, Codes]:
    """Pooled variance and degrees of freedom of each run, and over how many points."""
    restarts = means.shape[2]
    least = restarts - 1
    number = kept.sum(1, keepdims=True)
    points = np.maximum(number, 1)
    deviations = (means - means.mean(2, keepdims=True)) * kept[..., None]
    shared = deviations.sum(1, keepdims=True) / points[..., None]
    by_restart = (shared**2).sum(2) / least
    by_rest = ((deviations - shared * kept[..., None]) ** 2).sum((1, 2))[:, None] / (least * points)
    variance = by_restart + by_rest
    share = by_restart / np.maximum(variance, 1e-30)
    df = 1 / (share**2 / least + (1 - share) ** 2 / (least * np.maximum(points - 1, 1)))
    df = np.where(points == 1, least, np.clip(df, least, least * points))
    return variance, df, number
