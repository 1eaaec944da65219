"""The answer over a mix of settings with known shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.errors import UsageError
from infer_compare.interfaces import OperatingPoint
from infer_compare.request.axes import Setting, read_mixes, weights_of
from infer_compare.verdicts.looks import Verdict
from infer_compare.verdicts.measurements import Candidate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infer_compare.results import Run
    from infer_compare.verdicts.answer import Answer
    from infer_compare.verdicts.figures import Figures


class MixBest(msgspec.Struct, frozen=True, kw_only=True):
    """The throughput of a contender over a mix, with its best batch size at each setting."""

    contender: str
    name: str
    points: tuple[OperatingPoint, ...]
    """One point for each setting with a share."""
    throughput: float
    """Samples per second over the mix: the harmonic mean of the throughputs, weighted by the shares."""
    low: float | None
    """Throughput with all settings at the lower end of their intervals; None if a setting has no interval."""
    high: float | None
    """Throughput with all settings at the upper end of their intervals; None if a setting has no interval."""
    padded: float | None
    """Samples per second if every sample is padded to the setting in which all axes are longest, in batches of its best size;
    None if that was not measured."""


class MixAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The recommendation for a mix of settings."""

    shares: tuple[tuple[Setting, float], ...]
    by_contender: tuple[MixBest, ...]
    """Contenders that have a figure for every setting with a share, the highest throughput first."""
    verdict: Verdict
    """On the first contender against the second; `inconclusive` if their intervals overlap or differ by less than the margin."""
    margin: float


def with_mix(run: Run, mixes: object) -> Run:
    """Return a run with another mix among its options; its figures stay the same.

    Args:
        run: a stored run.
        mixes: texts as after `--mix`, or a table by axis of shares by size.

    Raises:
        UsageError: the mixes cannot be understood, or name sizes that the run did not measure.
    """
    texts = read_mixes(mixes)
    if not isinstance(texts, list):
        raise UsageError(f"{mixes!r} is not a mix; write for example seq=16:0.5,64:0.5.")
    weights_of(texts, run.header.options.axis)
    options = msgspec.structs.replace(run.header.options, mix=tuple(texts))
    return msgspec.structs.replace(run, header=msgspec.structs.replace(run.header, options=options))


def mix_answer(run: Run, answers: Sequence[Answer], table: Mapping[Candidate, Figures]) -> MixAnswer | None:
    """Return the answer over a run's mix; None if it has no mix, or no contender was measured at all of its settings.

    The intervals of the settings are combined as if all erred in the same direction, which is conservative.

    Args:
        run: the run.
        answers: for each setting.
        table: figures by candidate.
    """
    try:
        shares = weights_of(run.header.options.mix, run.header.options.axis)
    except UsageError:
        # Such a run is refused at its start, but a file may contain anything.
        return None
    if not shares:
        return None
    bests = {answer.axes: _bests(answer, table) for answer in answers}
    if any(setting not in bests for setting in shares):
        return None
    longest = max(run.header.options.settings)
    names = {best.contender: best.name for answer in answers for best in answer.by_contender}
    made = [
        _over(
            label,
            name,
            {setting: bests[setting][label] for setting in shares},
            shares,
            bests.get(longest, {}).get(label),
        )
        for label, name in names.items()
        if all(label in bests[setting] for setting in shares)
    ]
    if not made:
        return None
    made.sort(key=lambda best: -best.throughput)
    margin = run.header.plan.margin
    return MixAnswer(
        shares=tuple(shares.items()), by_contender=tuple(made), verdict=_verdict(made, margin), margin=margin
    )


def _bests(answer: Answer, table: Mapping[Candidate, Figures]) -> dict[str, Figures]:
    """Return the figures of each contender at its best batch size that keeps the latency bound, if there is a bound."""
    if answer.bound is None:
        return {best.contender: best.figures for best in answer.by_contender}
    kept: dict[str, Figures] = {}
    for check in answer.bound.checks:
        figures = table.get(Candidate(check.contender, check.point))
        if check.holds and figures is not None:
            known = kept.get(check.contender)
            kept[check.contender] = figures if known is None or known.throughput < figures.throughput else known
    return kept


def _over(
    label: str, name: str, bests: Mapping[Setting, Figures], shares: Mapping[Setting, float], longest: Figures | None
) -> MixBest:
    spreads = {setting: figures.spread for setting, figures in bests.items()}

    def rate(factor: int) -> float | None:
        seconds = 0.0
        for setting, share in shares.items():
            spread = spreads[setting]
            if spread is None or spread >= 1:
                return None
            seconds += share / (bests[setting].throughput * (1 + factor * spread))
        return 1 / seconds

    return MixBest(
        contender=label,
        name=name,
        points=tuple(figures.point for figures in bests.values()),
        throughput=1 / sum(share / bests[setting].throughput for setting, share in shares.items()),
        low=rate(-1),
        high=rate(1),
        padded=longest.throughput if longest is not None else None,
    )


def _verdict(made: Sequence[MixBest], margin: float) -> Verdict:
    if len(made) < 2:
        return Verdict.FASTER
    first, second = made[:2]
    if first.low is None or first.high is None or second.low is None or second.high is None:
        return Verdict.INCONCLUSIVE
    if first.low / second.high > 1 + margin:
        return Verdict.FASTER
    return Verdict.SAME if first.high / second.low <= 1 + margin else Verdict.INCONCLUSIVE
