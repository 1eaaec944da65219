"""Several runs in one report: what each is called, and the table that lists the best of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.phrases import axes_words, machine_words, milliseconds, size_words, spread_words
from infer_compare.report.words import plain
from infer_compare.stats.wording import significant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.report.schema import AnswerReport, ReportDocument

BESTS = ("run", "model", "machine", "best", "batch", "samples/s", "± %", "p50 ms")
"""The titles of the cells of `best_rows`."""


def run_words(document: ReportDocument) -> str:
    """What tells this run from others: model, machine, identifier."""
    return plain(f"{document.model.name} on {machine_words(document)}, run {document.run_id}")


def best_rows(documents: Sequence[ReportDocument]) -> list[tuple[str, ...]]:
    """A row for each run, or for each setting of its other axes; runs are numbered from 1."""
    return [
        (str(number), *_place(document, answer), *_best(answer))
        for number, document in enumerate(documents, 1)
        for answer in document.answers or (None,)
    ]


def _place(document: ReportDocument, answer: AnswerReport | None) -> tuple[str, str]:
    axes = f", {axes_words(answer.answer.axes)}" if answer is not None and answer.answer.axes else ""
    return plain(f"{document.model.name}{axes}"), machine_words(document)


def _best(answer: AnswerReport | None) -> tuple[str, ...]:
    best = answer.answer.recommended if answer is not None else None
    if answer is None or best is None:
        return ("none measured", "", "", "", "")
    # Where a latency bound was asked for, the headline heeds it; here stands the best without it.
    unshown = answer.answer.bound is None and answer.estimate
    return (
        plain(f"{best.name} (estimate)" if unshown else best.name),
        size_words(best.point),
        significant(best.figures.throughput),
        spread_words(best.figures),
        milliseconds(best.figures.latency_p50_ns),
    )
