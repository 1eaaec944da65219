"""The sections with further findings: shape, arithmetic, memory, failures, agreement of outputs, notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.phrases import (
    arithmetic_sentences,
    boundary_sentences,
    failure_sentence,
    note_sentences,
    shape_sentences,
    size_words,
)
from infer_compare.report.sections.blocks import Cell, Section, Sentences, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infer_compare.report.schema import AgreementReport
    from infer_compare.report.sections.blocks import Row
    from infer_compare.report.sections.view import View

ERRORS = "needs, allowed: relative tolerance"


def shape(view: View) -> Section | None:
    """Return a sentence on the shape of each curve; on the page, also the arithmetic throughput of each contender."""
    items = shape_sentences(view.document)
    if view.page:
        items += arithmetic_sentences(view.document)
    return _sentences(
        "Shape of the curves",
        items,
        heading="shape",
        subtitle="latency = fixed cost + cost of a sample x batch",
        note="latency = fixed cost + cost of a sample \N{MULTIPLICATION SIGN} batch",
        look="card said",
    )


def arithmetic(view: View) -> Section | None:
    """Return the arithmetic throughput of each contender."""
    return _sentences("Arithmetic", arithmetic_sentences(view.document), subtitle="at the best batch size")


def boundary(view: View) -> Section | None:
    """Return the largest batch of each contender, as far as was tried."""
    note = "the largest batch of each contender, as far as was tried"
    return _sentences("Memory boundary", boundary_sentences(view.document), note=note, look="card said")


def failures(view: View) -> Section | None:
    """Return what failed and why; None without failures."""
    return _sentences("Failures", map(failure_sentence, view.document.failures), bad=True)


def agreement(view: View, *, reasons: bool = True) -> Section | None:
    """Return the agreement of each contender's outputs with the reference's, and why outputs do not agree.

    Args:
        view: the view of the document.
        reasons: whether to include the reasons.
    """
    document = view.document
    if not document.agreements:
        return None
    table = Table(
        caption=f"Agreement of outputs; {ERRORS}",
        header=("contender", "outputs", "reference", "output error", "needs", "allowed", "at batch", "same top-1"),
        rows=tuple(map(_agreement, document.agreements)),
        left=frozenset({0, 1, 2}),
        wrap=frozenset({0, 2, 3, 6, 7}),
        look="compact",
    )
    why = tuple(
        f"{item.contender} at {item.point}: {item.reason}" for item in document.agreements if item.reason and reasons
    )
    return Section(
        title="Agreement of outputs",
        subtitle=ERRORS,
        note=ERRORS,
        blocks=(table, *([Sentences(items=why, tone="bad")] if why else [])),
    )


def _agreement(agreement: AgreementReport) -> Row:
    """Return contender, verdict, reference, worst and allowed difference, operating point, and share of equal top entries."""
    verdict = (
        "reference"
        if agreement.contender == agreement.reference and agreement.verdict == "agrees"
        else agreement.verdict
    )
    texts = (
        "" if agreement.output_error is None else f"{agreement.output_error.relative:.2g}",
        "" if agreement.needed_rtol is None else f"{agreement.needed_rtol:.2g}",
        f"{agreement.rtol:.2g}",
        size_words(agreement.point),
        "" if agreement.top1 is None else f"{100 * agreement.top1:.4g} %",
    )
    return (
        Cell(text=agreement.contender, contender=agreement.contender),
        Cell(text=verdict, kind=f"outputs {agreement.verdict}", hint=agreement.reason),
        Cell(text=agreement.reference, code=True),
        *(Cell(text=text) for text in texts),
    )


def notes(view: View) -> Section | None:
    """Return the notes and warnings about the figures."""
    return _sentences("Notes", note_sentences(view.document, verbose=view.verbose))


def _sentences(
    title: str,
    items: Iterable[str],
    *,
    heading: str = "",
    subtitle: str = "",
    note: str = "",
    look: str = "card",
    bad: bool = False,
) -> Section | None:
    sentences = Sentences(items=tuple(items), tone="bad" if bad else "")
    if not sentences.items:
        return None
    return Section(title=title, heading=heading, subtitle=subtitle, note=note, look=look, blocks=(sentences,))
