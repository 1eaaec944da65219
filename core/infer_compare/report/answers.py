"""The answer in a sentence that says what to do, and what a latency bound leaves of each contender."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.contenders import name_of
from infer_compare.report.phrases import axes_words
from infer_compare.report.schema import AnswerReport, UnderBound
from infer_compare.report.words import plain
from infer_compare.stats.wording import listing, percent
from infer_compare.verdicts.settle import Verdict

if TYPE_CHECKING:
    from infer_compare.results import Run
    from infer_compare.verdicts import Answer, BoundAnswer, Summary


def answers(run: Run, summary: Summary) -> tuple[AnswerReport, ...]:
    """One for each setting of the axes other than the batch."""
    complete = run.closing is not None and run.closing.state == "complete"
    return tuple(
        AnswerReport(
            headline=plain(_headline(one, complete=complete)),
            estimate=_is_estimate(one, complete=complete),
            sentences=tuple(map(plain, one.sentences())),
            answer=one,
            under_bound=_under_bound(run, one, one.bound) if one.bound is not None else (),
        )
        for one in summary.answers
    )


def _is_estimate(answer: Answer, *, complete: bool) -> bool:
    """Whether the recommendation rests on no verdict; a single contender has none, and needs a run to its end."""
    if answer.headline:
        return bool(_unshown(answer))
    return answer.recommended is None or not complete


def _unshown(answer: Answer) -> list[str]:
    return [pair.b.name for pair in answer.headline if pair.verdict not in {Verdict.FASTER, Verdict.SAME}]


def _headline(answer: Answer, *, complete: bool) -> str:
    best = answer.recommended
    where = f"{axes_words(answer.axes)}: " if answer.axes else ""
    if best is None:
        return f"{where}No answer: no contender was measured."
    place = f"{best.name} at {best.point}"
    if unshown := _unshown(answer):
        return f"{where}Estimate: {place}; it was not shown to be faster than {listing(unshown, 'or')}."
    if _is_estimate(answer, complete=complete):
        return f"{where}Estimate: {place}."
    alike = [pair for pair in answer.headline if pair.verdict is Verdict.SAME]
    if not alike:
        return f"{where}Use {place}."
    verb, margin = "is" if len(alike) == 1 else "are", max(pair.margin for pair in alike)
    return f"{where}Use {place}; {listing([pair.b.name for pair in alike])} {verb} as fast within {percent(margin)}."


def _under_bound(run: Run, answer: Answer, bound: BoundAnswer) -> tuple[UnderBound, ...]:
    rows: list[UnderBound] = []
    for one in answer.by_contender:
        holding = [check for check in bound.checks if check.contender == one.contender and check.holds]
        best = max(holding, key=lambda check: check.throughput, default=None)
        rows.append(
            UnderBound(
                contender=one.contender,
                name=name_of(run, one.contender),
                best=best,
                largest=next((check for check in bound.largest if check.contender == one.contender), None),
                behind=bound.best.throughput / best.throughput if best is not None and bound.best is not None else None,
            )
        )
    return tuple(sorted(rows, key=lambda row: -(row.best.throughput if row.best else 0.0)))
