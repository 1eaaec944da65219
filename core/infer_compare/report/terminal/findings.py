"""The sections between the curves and the conditions: shape, memory, failures, agreement, notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from infer_compare.report.phrases import (
    PARTS,
    PASSES,
    agreement_cells,
    agreement_reasons,
    arithmetic_sentences,
    boundary_sentences,
    failure_sentence,
    note_sentences,
    parts_rows,
    pass_rows,
    shape_sentences,
)
from infer_compare.report.terminal.layout import bullets, heading, indented, said, table
from infer_compare.report.words import plain
from infer_compare.stats.wording import count

if TYPE_CHECKING:
    from rich.console import RenderableType

    from infer_compare.report.schema import ReportDocument


def shape_section(document: ReportDocument) -> list[RenderableType]:
    """A sentence for each curve."""
    sentences = shape_sentences(document)
    rates = arithmetic_sentences(document)
    parts: list[RenderableType] = []
    if sentences:
        parts += [heading("shape", rest="latency = fixed cost + cost of a sample x batch"), bullets(sentences)]
    if rates:
        parts += [heading("arithmetic", rest="at the best batch size"), bullets(rates)]
    return parts


def parts_section(document: ReportDocument) -> list[RenderableType]:
    """Where the time of an end-to-end iteration goes; nothing for other scopes."""
    rows = parts_rows(document)
    if not rows:
        return []
    made = table([(title, "right" if place else "left") for place, title in enumerate(PARTS)], wrap=(0, 1))
    for row in rows:
        made.add_row(*(Text(plain(cell)) for cell in row))
    return [heading("parts of an iteration", rest="medians, at the best batch size"), indented(made)]


def pass_section(document: ReportDocument) -> list[RenderableType]:
    """What passes over the data set take, and where the time goes; nothing for other scopes."""
    rows = pass_rows(document)
    if not rows:
        return []
    made = table([(title, "right" if place else "left") for place, title in enumerate(PASSES)], wrap=(0, 1))
    for row in rows:
        made.add_row(*(Text(plain(cell)) for cell in row))
    samples = document.plan.data_rows
    return [
        heading("passes", rest=f"over the {samples:,} samples of {document.plan.data}, shares of a pass"),
        indented(made),
    ]


def memory_section(document: ReportDocument) -> list[RenderableType]:
    """The largest batch of each contender, as far as was tried."""
    sentences = boundary_sentences(document)
    return [heading("memory boundary"), bullets(sentences)] if sentences else []


def failure_section(document: ReportDocument) -> list[RenderableType]:
    """What failed and why; nothing where nothing did."""
    if not document.failures:
        return []
    return [heading("failures"), bullets(map(failure_sentence, document.failures))]


def agreement_section(document: ReportDocument, *, reasons: bool = True) -> list[RenderableType]:
    """How far each contender's outputs are from the reference's, and why they do not agree.

    Args:
        document: the report.
        reasons: whether to say why; False where this is said elsewhere.
    """
    if not document.agreements:
        return []
    made = table(
        [
            ("contender", "left"),
            ("outputs", "left"),
            ("reference", "left"),
            ("worst", "right"),
            ("allowed", "right"),
            ("at batch", "right"),
            ("same top-1", "right"),
        ],
        wrap=(0, 2, 5, 6),
    )
    for one in document.agreements:
        cells = map(plain, agreement_cells(one))
        style = {"agrees": "green", "inconclusive": "yellow", "differs": "red"}[one.verdict]
        made.add_row(*(Text(cell, style=style if place == 1 else "") for place, cell in enumerate(cells)))
    sentences = agreement_reasons(document) if reasons else []
    found: list[RenderableType] = [
        heading("agreement of outputs", rest="output error, relative to how far the inputs move a slice"),
        indented(made),
    ]
    return [*found, bullets(sentences)] if sentences else found


def note_section(document: ReportDocument, *, verbose: bool) -> list[RenderableType]:
    """What a reader should know before trusting the figures; the plan of the measurement only where all is asked for."""
    notes = note_sentences(document, verbose=verbose)
    return [heading("notes"), bullets(notes)] if notes else []


def pair_section(document: ReportDocument) -> list[RenderableType]:
    """The verdict on every pair at every size."""
    compared = [pair for pair in document.pairs if pair.comparison is not None]
    sentences = [f"{pair.a.point}: {pair.sentence()}" for pair in sorted(compared, key=lambda pair: pair.a.point)]
    if not sentences:
        return []
    return [
        heading("every pair", rest=count(len(sentences), "verdict")),
        indented(said("Adjusted for the number of sizes, not of contenders.", style="dim")),
        bullets(sentences),
    ]
