"""Contenders of one backend that differ only in precision, or only in how they split the cores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.schema import PrecisionGain, Split, SplitReport
from infer_compare.report.sentences.variants import gain_words, split_sentence
from infer_compare.report.words import plain
from infer_compare.verdicts.setups import BITS, family, setup_of

if TYPE_CHECKING:
    from collections.abc import Hashable

    from infer_compare.results import Limit, Run
    from infer_compare.verdicts import Answer, Best, PairVerdict
    from infer_compare.verdicts.setups import Setup


def precision_gains(run: Run, answer: Answer) -> tuple[PrecisionGain, ...]:
    """Return the gain of each lower precision, if the largest batch was searched for in both precisions.

    Args:
        run: the run.
        answer: the answer for one setting of the axes other than the batch.
    """
    limits = {limit.contender: limit for limit in run.limits if limit.axes == answer.axes}
    setups = {label: setup_of(run, label) for label in run.labels if label in limits}
    groups: dict[Hashable, list[str]] = {}
    for label, setup in setups.items():
        if (setup.precision or "") in BITS:
            groups.setdefault((family(run, label), setup.threads, setup.instances), []).append(label)
    return tuple(
        _gain(run, answer, limits, setups, label, base)
        for labels in groups.values()
        for base in (max(labels, key=lambda label: _bits(setups[label])),)
        for label in labels
        if _bits(setups[label]) < _bits(setups[base]) and _are_known(limits[label], limits[base])
    )


def splits(run: Run, answer: Answer) -> tuple[SplitReport, ...]:
    """Return the splits of the cores of each backend with contenders that differ only in their split.

    Args:
        run: the run.
        answer: the answer for one setting of the axes other than the batch.
    """
    groups: dict[Hashable, list[Best]] = {}
    for best in answer.by_contender:
        groups.setdefault((family(run, best.contender), setup_of(run, best.contender).precision), []).append(best)
    return tuple(_splits(run, answer, bests) for bests in groups.values() if _are_split(run, bests))


def _are_split(run: Run, bests: list[Best]) -> bool:
    return len({(setup.threads, setup.instances) for setup in (setup_of(run, best.contender) for best in bests)}) > 1


def _splits(run: Run, answer: Answer, bests: list[Best]) -> SplitReport:
    cores = run.header.environment.usable_cores
    made = []
    for best in bests:
        setup = setup_of(run, best.contender)
        made.append(
            Split(
                contender=best.contender,
                threads=setup.threads,
                instances=setup.instances,
                point=best.point,
                throughput=best.figures.throughput,
                latency_p95_ns=best.figures.latency_p95_ns,
                oversubscribed=setup.busy > cores,
            )
        )
    first, *others = made
    # One instance with all threads is the default, without a split.
    single = [split for split in others if split.instances == 1]
    other = max(single, key=lambda split: split.threads) if first.instances > 1 and single else others[0]
    backend = run.contender(first.contender).backend
    pair = _pair(answer, first.contender, other.contender)
    return SplitReport(
        backend=backend, splits=tuple(made), sentence=plain(split_sentence(backend, first, other, pair, made))
    )


def _gain(
    run: Run, answer: Answer, limits: dict[str, Limit], setups: dict[str, Setup], label: str, base: str
) -> PrecisionGain:
    limit, other = limits[label], limits[base]
    bests = {best.contender: best.figures.throughput for best in answer.by_contender}
    pair = _pair(answer, label, base)
    if pair is not None and pair.comparison is not None:
        faster: float | None = pair.comparison.ratio
    else:
        faster = bests[label] / bests[base] if label in bests and base in bests else None
    both_fit = limit.largest_fitting and other.largest_fitting
    return PrecisionGain(
        contender=label,
        precision=setups[label].precision or "",
        base=base,
        base_precision=setups[base].precision or "",
        largest=limit.largest_fitting,
        open=limit.smallest_failing is None,
        base_largest=other.largest_fitting,
        larger=(limit.largest_fitting or 0) / (other.largest_fitting or 1) if both_fit else None,
        faster=faster,
        sentence=plain(
            gain_words(
                f"{run.contender(label).backend} in {setups[label].precision}",
                setups[base].precision or "",
                limit,
                other,
                pair,
                faster,
            )
        ),
    )


def _are_known(limit: Limit, base: Limit) -> bool:
    """Return whether the gain is known: the search found the base's limit, and the other's limit or a larger fitting size."""
    if base.smallest_failing is None:
        return False
    return limit.smallest_failing is not None or (limit.largest_fitting or 0) > (base.largest_fitting or 0)


def _bits(setup: Setup) -> int:
    return BITS[setup.precision or ""]


def _pair(answer: Answer, a: str, b: str) -> PairVerdict | None:
    """Return the verdict on the bests of two contenders, with the first as A; None if they were not compared."""
    for pair in (*answer.headline, *answer.variants):
        if {pair.a.label, pair.b.label} == {a, b}:
            return pair if pair.a.label == a else pair.turned()
    return None
