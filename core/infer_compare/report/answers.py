"""The answers of a run, each with a headline that says what to do."""

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
    """Return the answer for each setting of the axes other than the batch.

    Args:
        run: the run.
        summary: the summary of the run.
        names: the names of contenders in sentences.
    """
    complete = run.closing is not None and run.closing.state == "complete"
    made: list[AnswerReport] = []
    for answer in summary.answers:
        row = names.in_answer(answer)
        if row.recommended is None and (rough := _rough(run, row)):
            headline, estimate = rough, True
        elif row.bound is None or row.recommended is None:
            headline, estimate = headline_of(row, complete=complete)
        else:
            headline, estimate = headline_under_bound(row, row.bound, summary.pairs, complete=complete)
        if run.header.options.find_limit and (largest := _largest(run, row)):
            headline = largest if row.recommended is None else f"{headline} {largest}"
        where = f"{axes_words(row.axes)}: " if row.axes else ""
        made.append(
            AnswerReport(
                headline=plain(f"{where}{headline}"),
                estimate=estimate,
                sentences=tuple(map(plain, sentences(row))),
                answer=msgspec.structs.replace(row, headline=spoken(row.headline), variants=spoken(row.variants)),
                quality=quality(row, settled=not estimate),
                gains=precision_gains(run, row),
                splits=splits(run, row),
                under_bound=under_bound(run, row, row.bound) if row.bound is not None else (),
            )
        )
    return tuple(made)


def _largest(run: Run, answer: Answer) -> str:
    """Return a sentence with the largest batch of each contender, as the answer to --find-limit; empty without limits."""
    limits = [limit for limit in run.limits if limit.axes == answer.axes]
    words = [
        f"{run.name(limit.contender)} {'none' if limit.largest_fitting is None else limit.largest_fitting}"
        f"{' or more' if limit.smallest_failing is None else ''}"
        f"{' (for the client)' if _is_clients(run, limit) else ''}"
        for limit in limits
    ]
    return f"Largest batch that fits: {', '.join(words)}." if words else ""


def _is_clients(run: Run, limit: Limit) -> bool:
    """Return whether a limit is that of a client, since its server refused no size."""
    return run.contender(limit.contender).remote and not isinstance(limit.failure, LimitReached)


def _rough(run: Run, answer: Answer) -> str:
    """Return the rough throughputs of a run that was stopped after the trial calls; empty without trial calls."""
    if run.closing is None or run.closing.state != "stopped" or run.limits:
        return ""
    excluded = {label for label in run.labels if run.differs(label) is not None}
    best: dict[str, tuple[float, OperatingPoint]] = {}
    for (label, point), outcome in run.explored.items():
        if isinstance(outcome, Measured) and point.axes == answer.axes and label not in excluded:
            rate = run.contender(label).instances * point.batch / outcome.latency_ns * 1e9
            best[label] = max(best.get(label, (0.0, point)), (rate, point), key=lambda pair: pair[0])
    if not best:
        return ""
    ordered = sorted(best.items(), key=lambda item: -item[1][0])
    rates = listing(
        [f"{label} at batch {point.batch} about {float(f'{rate:.2g}'):,.15g}" for label, (rate, point) in ordered]
    )
    return f"No answer: only trial calls ran. Roughly, in samples/s: {rates}."


def headline_of(answer: Answer, *, complete: bool) -> tuple[str, bool]:
    """Return the headline, and whether it is an estimate: not confirmed by a verdict, or from a run that was cut off.

    The headline does not contain the sizes of other axes; reports print them before it.
    """
    best = answer.recommended
    if best is None:
        return "No answer: no contender was measured.", True
    place = f"{best.name} at batch {best.point.batch}"
    names = {best.contender: best.name for best in answer.by_contender}
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
    """Return the headline for unconfirmed leads, the nearest rival first."""
    nearest = unshown[0]
    if nearest.leans and nearest.comparison is not None and nearest.comparison.ratio > 1:
        lead = f"its {ratio(nearest.comparison.ratio)}x lead over {nearest.b.name} is not confirmed"
        return f"Probably {place}: {lead}"
    rivals = listing([names[pair.b.label] for pair in unshown], "or")
    return f"Probably {place}: no lead over {rivals} is confirmed"


def headline_under_bound(
    answer: Answer, bound: BoundAnswer, pairs: Iterable[PairVerdict], *, complete: bool
) -> tuple[str, bool]:
    """Return the headline for a latency bound, and whether it is an estimate.

    Args:
        answer: the answer without the bound.
        bound: the answer under the bound.
        pairs: verdicts on contenders at the same operating point.
        complete: whether the run is complete.
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
