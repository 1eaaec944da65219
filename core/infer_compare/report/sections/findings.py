"""What else was found: shape, arithmetic, memory, failures, agreement of outputs, notes."""

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
    """A sentence for each curve; on the page, what each contender computes in a second follows."""
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
    """What each contender computes in a second."""
    return _sentences("Arithmetic", arithmetic_sentences(view.document), subtitle="at the best batch size")


def boundary(view: View) -> Section | None:
    """The largest batch of each contender, as far as was tried."""
    note = "the largest batch of each contender, as far as was tried"
    return _sentences("Memory boundary", boundary_sentences(view.document), note=note, look="card said")


def failures(view: View) -> Section | None:
    """What failed and why; nothing where nothing did."""
    return _sentences("Failures", map(failure_sentence, view.document.failures), bad=True)


def agreement(view: View, *, reasons: bool = True) -> Section | None:
    """How far each contender's outputs are from the reference's, and why they do not agree.

    Args:
        view: of the document.
        reasons: whether to say why; False where this is said elsewhere.
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
        f"{one.contender} at {one.point}: {one.reason}" for one in document.agreements if one.reason and reasons
    )
    return Section(
        title="Agreement of outputs",
        subtitle=ERRORS,
        note=ERRORS,
        blocks=(table, *([Sentences(items=why, tone="bad")] if why else [])),
    )


def _agreement(one: AgreementReport) -> Row:
    """Contender, verdict, reference, worst and allowed difference, where, and the share of equal top entries."""
    verdict = "reference" if one.contender == one.reference and one.verdict == "agrees" else one.verdict
    texts = (
        "" if one.output_error is None else f"{one.output_error.relative:.2g}",
        "" if one.needed_rtol is None else f"{one.needed_rtol:.2g}",
        f"{one.rtol:.2g}",
        size_words(one.point),
        "" if one.top1 is None else f"{100 * one.top1:.4g} %",
    )
    return (
        Cell(text=one.contender, contender=one.contender),
        Cell(text=verdict, kind=f"outputs {one.verdict}", hint=one.reason),
        Cell(text=one.reference, code=True),
        *(Cell(text=text) for text in texts),
    )


def notes(view: View) -> Section | None:
    """What a reader should know before trusting the figures."""
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
