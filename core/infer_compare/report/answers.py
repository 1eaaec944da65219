"""The answer in a sentence that says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.report.bounds import under_bound, unshown_under_bound
from infer_compare.report.phrases import axes_words
from infer_compare.report.schema import AnswerReport
from infer_compare.report.sentences.answers import bound_words, sentences
from infer_compare.report.sentences.verdicts import spoken
from infer_compare.report.variants import precision_gains, splits
from infer_compare.report.words import plain
from infer_compare.results import LimitReached, Measured
from infer_compare.stats.wording import listing, margin_words, ratio
from infer_compare.verdicts.looks import Verdict
from infer_compare.verdicts.quality import quality

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.report.sentences.names import Names
    from infer_compare.results import Limit, Run
    from infer_compare.verdicts import Answer, BoundAnswer, PairVerdict, Summary


def answers(run: Run, summary: Summary, names: Names) -> tuple[AnswerReport, ...]:
    """One for each setting of the axes other than the batch.

    Args:
        run: the run.
        summary: what was derived from it.
        names: what sentences call contenders.
    """
    complete = run.closing is not None and run.closing.state == "complete"
    made: list[AnswerReport] = []
    for found in summary.answers:
        one = names.in_answer(found)
        if one.recommended is None and (rough := _rough(run, one)):
            headline, estimate = rough, True
        elif one.bound is None or one.recommended is None:
            headline, estimate = headline_of(one, complete=complete)
        else:
            headline, estimate = headline_under_bound(one, one.bound, summary.pairs, complete=complete)
        if run.header.options.find_limit and (largest := _largest(run, one)):
            headline = largest if one.recommended is None else f"{headline} {largest}"
        where = f"{axes_words(one.axes)}: " if one.axes else ""
        made.append(
            AnswerReport(
                headline=plain(f"{where}{headline}"),
                estimate=estimate,
                sentences=tuple(map(plain, sentences(one))),
                answer=msgspec.structs.replace(one, headline=spoken(one.headline), variants=spoken(one.variants)),
                quality=quality(one, settled=not estimate),
                gains=precision_gains(run, one),
                splits=splits(run, one),
                under_bound=under_bound(run, one, one.bound) if one.bound is not None else (),
            )
        )
    return tuple(made)


def _largest(run: Run, answer: Answer) -> str:
    """Return the largest batch of each contender whose limit was found, as the answer to --find-limit."""
    limits = [one for one in run.limits if one.axes == answer.axes]
    words = [
        f"{run.name(one.contender)} {'none' if one.largest_fitting is None else one.largest_fitting}"
        f"{' or more' if one.smallest_failing is None else ''}"
        f"{' (for the client)' if _is_clients(run, one) else ''}"
        for one in limits
    ]
    return f"Largest batch that fits: {', '.join(words)}." if words else ""


def _is_clients(run: Run, limit: Limit) -> bool:
    """Return whether a limit says something of a client alone: its server refused no size."""
    return run.contender(limit.contender).remote and not isinstance(limit.failure, LimitReached)


def _rough(run: Run, answer: Answer) -> str:
    """Return what trial calls showed of a run that was stopped before anything else was known; empty where nothing."""
    if run.closing is None or run.closing.state != "stopped" or run.limits:
        return ""
    excluded = {label for label in run.labels if run.differs(label) is not None}
    best: dict[str, tuple[float, OperatingPoint]] = {}
    for (label, point), outcome in run.explored.items():
        if isinstance(outcome, Measured) and point.axes == answer.axes and label not in excluded:
            seen = run.contender(label).instances * point.batch / outcome.latency_ns * 1e9
            best[label] = max(best.get(label, (0.0, point)), (seen, point), key=lambda one: one[0])
    if not best:
        return ""
    ordered = sorted(best.items(), key=lambda item: -item[1][0])
    rates = listing(
        [f"{label} at batch {point.batch} about {float(f'{seen:.2g}'):,.15g}" for label, (seen, point) in ordered]
    )
    return f"No answer: only trial calls ran. Roughly, in samples/s: {rates}."


def headline_of(answer: Answer, *, complete: bool) -> tuple[str, bool]:
    """The sentence, and whether it is an estimate: no verdict carries it, or a single contender's run was cut off.

    Sizes of other axes are not in it: they stand before it.
    """
    best = answer.recommended
    if best is None:
        return "No answer: no contender was measured.", True
    place = f"{best.name} at batch {best.point.batch}"
    names = {one.contender: one.name for one in answer.by_contender}
    unshown = [pair for pair in answer.headline if pair.verdict not in {Verdict.FASTER, Verdict.SAME}]
    if unshown:
        return f"{_probably(place, unshown, names)}.", True
    if not answer.headline and not complete:
        return f"Probably {place}: the run ended early.", True
    alike = [pair for pair in answer.headline if pair.verdict is Verdict.SAME]
    if not alike:
        return f"Use {place}.", False
    verb, margin = "is" if len(alike) == 1 else "are", max(pair.margin for pair in alike)
    rivals = listing([names[pair.b.label] for pair in alike])
    return f"Use {place}; {rivals} {verb} as fast within {margin_words(margin)}.", False


def _probably(place: str, unshown: Sequence[PairVerdict], names: Mapping[str, str]) -> str:
    """What is not confirmed, the nearest rival first; a list of rivals has the name of each by itself."""
    nearest = unshown[0]
    if nearest.leans and nearest.comparison is not None and nearest.comparison.ratio > 1:
        lead = f"its {ratio(nearest.comparison.ratio)}x lead over {nearest.b.name} is not confirmed"
        return f"Probably {place}: {lead}"
    rivals = listing([names[pair.b.label] for pair in unshown], "or")
    return f"Probably {place}: no lead over {rivals} is confirmed"


def headline_under_bound(
    answer: Answer, bound: BoundAnswer, pairs: Iterable[PairVerdict], *, complete: bool
) -> tuple[str, bool]:
    """The sentence for a latency bound, and whether it is an estimate.

    Args:
        answer: without the bound.
        bound: what the bound leaves.
        pairs: verdicts on contenders at the same operating point.
        complete: whether the run came to its end.
    """
    best = bound.best
    words = bound_words(bound)
    if best is None:
        free = answer.recommended
        without = f" Without that bound: {free.name} at batch {free.point.batch}." if free is not None else ""
        return f"None was shown to keep {words}.{without}", True
    place = f"{best.name} at batch {best.point.batch} for {words}"
    if unshown := unshown_under_bound(bound, [*pairs, *answer.headline]):
        return f"Probably {place}: no lead over {listing(unshown, 'or')} is confirmed.", True
    if len(answer.by_contender) == 1 and not complete:
        return f"Probably {place}: the run ended early.", True
    return f"Use {place}.", False
