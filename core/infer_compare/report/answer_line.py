"""The answer of a run in a few words, for lists of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.across import across
from infer_compare.report.answers import answers
from infer_compare.report.phrases import axes_words
from infer_compare.report.sentences.answers import bound_words
from infer_compare.report.sentences.names import Names
from infer_compare.report.words import plain
from infer_compare.stats.wording import rate
from infer_compare.verdicts import summarise

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.report.schema import AnswerReport
    from infer_compare.results import Run
    from infer_compare.verdicts import Summary

NONE = "no answer"


def answer_line(run: Run) -> str:
    """Return the answer, such as `onnx at batch 32, 12,300 samples/s`, or `no answer`."""
    summary = summarise(run, every_bound=False)
    made = answers(run, summary, Names(run, summary))
    parts = [*_mix(run, summary, made), *(words for report in made if (words := _words(report)))]
    if parts:
        more = f"; {len(parts) - 1} more" if len(parts) > 1 else ""
        return plain(f"{parts[0]}{more}")
    fits = [f"{limit.contender} {limit.largest_fitting}" for limit in run.limits if limit.largest_fitting is not None]
    return plain(f"fits: {', '.join(fits)}") if fits else NONE


def _mix(run: Run, summary: Summary, made: Sequence[AnswerReport]) -> Iterator[str]:
    """Yield the fastest contender over the mix of settings, if a mix was given."""
    over_all = across(run, summary, made)
    if over_all is not None and over_all.mix is not None:
        best = over_all.mix.by_contender[0]
        sure = "" if over_all.mix_headline.startswith("Use") else "probably "
        yield f"the mix: {sure}{best.name}, {rate(best.throughput)}"


def _words(report: AnswerReport) -> str:
    bound, best = report.answer.bound, report.answer.recommended
    where = f"{axes_words(report.answer.axes)}: " if report.answer.axes else ""
    sure = "probably " if report.estimate else ""
    if bound is not None:
        if bound.best is None:
            return ""
        return (
            f"{where}{sure}{bound.best.name} at batch {bound.best.point.batch}, {rate(bound.best.throughput)}, "
            f"{bound_words(bound)}"
        )
    if best is None:
        return ""
    return f"{where}{sure}{best.name} at batch {best.point.batch}, {rate(best.figures.throughput)}"
