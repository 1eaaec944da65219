"""The answer of a run on part of a line, as lists of runs show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.answers import answers
from infer_compare.report.phrases import axes_words
from infer_compare.report.sentences.answers import bound_words
from infer_compare.report.sentences.names import Names
from infer_compare.report.words import plain
from infer_compare.stats.wording import rate
from infer_compare.verdicts import summarise

if TYPE_CHECKING:
    from infer_compare.report.schema import AnswerReport
    from infer_compare.results import Run

NONE = "no answer"


def answer_line(run: Run) -> str:
    """Return such as `onnx at batch 32, 12,300 samples/s`, or `no answer`."""
    summary = summarise(run, every_bound=False)
    made = answers(run, summary, Names(run, summary))
    parts = [words for one in made if (words := _words(one))]
    if parts:
        more = f"; {len(parts) - 1} more" if len(parts) > 1 else ""
        return plain(f"{parts[0]}{more}")
    fits = [f"{one.contender} {one.largest_fitting}" for one in run.limits if one.largest_fitting is not None]
    return plain(f"fits: {', '.join(fits)}") if fits else NONE


def _words(one: AnswerReport) -> str:
    bound, best = one.answer.bound, one.answer.recommended
    where = f"{axes_words(one.answer.axes)}: " if one.answer.axes else ""
    sure = "probably " if one.estimate else ""
    if bound is not None:
        if bound.best is None:
            return ""
        return (
            f"{where}{sure}{bound.best.name} at {bound.best.point}, {rate(bound.best.throughput)}, {bound_words(bound)}"
        )
    if best is None:
        return ""
    return f"{where}{sure}{best.name} at {best.point}, {rate(best.figures.throughput)}"
