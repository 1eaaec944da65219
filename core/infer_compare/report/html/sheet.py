"""One run as the template takes it: sentences, tables, and the charts by the identifiers of their places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec.structs import replace

from infer_compare.report.facts import Rows, contender_facts, general_facts
from infer_compare.report.html import charts, curve_tables
from infer_compare.report.html.answer_tables import bests, under_bound
from infer_compare.report.html.facets import facets_of
from infer_compare.report.html.matrix import Matrix, matrices
from infer_compare.report.html.tables import Cell, Table
from infer_compare.report.phrases import (
    COSTS,
    agreement_cells,
    agreement_reasons,
    answer_sentences,
    arithmetic_sentences,
    axes_words,
    boundary_sentences,
    cost_rows,
    excluded_sentences,
    failure_sentence,
    note_sentences,
    shape_sentences,
)
from infer_compare.report.price import cost_note, price_words
from infer_compare.report.schema import ReportDocument
from infer_compare.report.several import BESTS, best_rows
from infer_compare.report.words import shell_lines, without_folder
from infer_compare.stats.wording import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infer_compare.report.html.contenders import Contender
    from infer_compare.report.html.facets import Facet

COMMAND_WIDTH = 88
Standing = Literal["shown", "estimate", "none"]


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A chart with its title, how to read it, and the table behind it."""

    id: str
    title: str
    lead: str
    table: Table


class FacetView(msgspec.Struct, frozen=True, kw_only=True):
    """One setting of the other axes."""

    title: str
    headline: str
    standing: Standing
    bests: Table | None
    under_bound: Table | None
    sentences: tuple[str, ...]
    figures: tuple[Figure, ...]
    shapes: tuple[str, ...]
    boundaries: tuple[str, ...]
    matrices: tuple[Matrix, ...]


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    key: str
    document: ReportDocument
    facts: str
    """Model, threads, scope and machine, in one line."""
    facets: tuple[FacetView, ...]
    excluded: tuple[str, ...]
    costs: Table | None
    start_up: Figure | None
    failures: tuple[str, ...]
    notes: tuple[str, ...]
    agreements: Table | None
    agreement_reasons: tuple[str, ...]
    general: Rows
    contenders: tuple[tuple[str, int, Rows], ...]
    command: tuple[str, ...]
    """Lines that a shell reads as one."""
    charts: dict[str, Any]


def sheet_of(document: ReportDocument, key: str, known: Mapping[str, Contender]) -> Sheet:
    """The run as the page shows it.

    Args:
        document: the run.
        key: what identifiers on the page begin with.
        known: the contenders of the page.
    """
    facets = facets_of(document, key)
    drawn = {name: chart for facet in facets for name, chart in charts.facet_charts(facet, known).items()}
    start_up = curve_tables.start_up_table(document, known)
    if start_up is not None:
        drawn[f"{key}-start-up"] = charts.start_up_chart(document, known)
    plan = document.plan
    return Sheet(
        key=key,
        document=document,
        facts=f"{count(plan.threads, 'thread')}, scope {plan.scope}, {document.environment.cpu}",
        facets=tuple(_facet(one, known, drawn) for one in facets),
        excluded=tuple(excluded_sentences(document)),
        costs=_costs(document, known),
        start_up=Figure(
            id=f"{key}-start-up",
            title="Start-up",
            lead="Seconds until the worker that explored was ready, and the first call of a fresh worker, which is a median over workers.",
            table=start_up,
        )
        if start_up is not None
        else None,
        failures=tuple(map(failure_sentence, document.failures)),
        notes=tuple(note_sentences(document)),
        agreements=_agreements(document, known),
        agreement_reasons=tuple(agreement_reasons(document)),
        general=[(name, value) for name, value in general_facts(document) if value],
        contenders=tuple(
            (one.name, known[one.label].place, [(name, value) for name, value in contender_facts(one) if value])
            for one in document.contenders
        ),
        command=tuple(shell_lines(without_folder(document.command), COMMAND_WIDTH)),
        charts=drawn,
    )


def overview_of(documents: Sequence[ReportDocument]) -> Table:
    """The best of each run, with a link to it."""
    rows = [
        (Cell(text=number, link=f"r{int(number) - 1}"), *(Cell(text=text) for text in rest))
        for number, *rest in best_rows(documents)
    ]
    return Table(caption="The best of each run", header=BESTS, rows=tuple(rows), left=frozenset({0, 1, 2, 3}))


def _facet(facet: Facet, known: Mapping[str, Contender], drawn: Mapping[str, Any]) -> FacetView:
    answer = facet.answer
    own = replace(facet.document, curves=facet.curves)
    standing: Standing = "none"
    if answer is not None and answer.answer.recommended is not None:
        standing = "estimate" if answer.estimate else "shown"
    return FacetView(
        title=axes_words(facet.axes),
        headline=answer.headline if answer is not None else "",
        standing=standing,
        bests=bests(facet, known),
        under_bound=under_bound(answer, known),
        sentences=tuple(answer_sentences(answer)) if answer is not None else (),
        figures=tuple(one for one in _figures(facet, known) if one.id in drawn),
        shapes=(*shape_sentences(own), *arithmetic_sentences(own)),
        boundaries=tuple(boundary_sentences(own)),
        matrices=matrices(facet, known),
    )


def _figures(facet: Facet, known: Mapping[str, Contender]) -> list[Figure]:
    """Every chart that a facet can have; those without data are not drawn."""
    percentile = charts.percentile_of(facet)
    filled = " Filled: shown to beat every other contender at that size." if len(facet.curves) > 1 else ""
    found = [
        Figure(
            id=f"{facet.key}-throughput",
            title="Throughput against batch size",
            lead=f"Samples a second; the band is the 95 % interval.{filled}",
            table=curve_tables.throughput_table(facet, known),
        ),
        Figure(
            id=f"{facet.key}-latency",
            title="Latency against batch size",
            lead="Milliseconds of one call, closed loop: the line is p50, the band reaches up to p95.",
            table=curve_tables.latency_table(facet, known),
        ),
        Figure(
            id=f"{facet.key}-frontier",
            title="Throughput against latency",
            lead="A mark for each batch size, which stands beside it; up and to the left is better. "
            "On the grey steps nothing measured is better in both.",
            table=curve_tables.frontier_table(facet, known, percentile),
        ),
        Figure(
            id=f"{facet.key}-memory",
            title="Memory against batch size",
            lead="Peak resident memory of the worker. A cross: it ran out of memory. A ring: the largest batch that ran.",
            table=curve_tables.memory_table(facet, known),
        ),
        Figure(
            id=f"{facet.key}-device-memory",
            title="Live tensors against batch size",
            lead="Their peak by the framework's own allocator, where it tells; no part of the figures of other charts.",
            table=curve_tables.device_memory_table(facet, known),
        ),
    ]
    parts = curve_tables.parts_table(facet, known)
    if parts is not None:
        lead = "Shares of an iteration, each contender at its best batch size; the table has the medians at every size."
        found.append(Figure(id=f"{facet.key}-parts", title="Parts of an iteration", lead=lead, table=parts))
    return found


def _costs(document: ReportDocument, known: Mapping[str, Contender]) -> Table | None:
    costs = document.costs
    if costs is None or not costs.by_contender:
        return None
    rows = [
        (Cell(text=name, contender=known[one.contender].place), *(Cell(text=text) for text in rest))
        for one, (name, *rest) in zip(costs.by_contender, cost_rows(costs), strict=True)
    ]
    return Table(
        caption=f"Cost of a million samples at {price_words(costs.price)}",
        header=COSTS,
        rows=tuple(rows),
        notes=(cost_note(document),),
    )


def _agreements(document: ReportDocument, known: Mapping[str, Contender]) -> Table | None:
    if not document.agreements:
        return None
    rows: list[tuple[Cell, ...]] = []
    for one in document.agreements:
        _, verdict, reference, *figures = agreement_cells(one)
        rows.append(
            (
                Cell(text=one.contender, contender=known[one.contender].place),
                Cell(text=verdict, kind=f"outputs {one.verdict}", hint=one.reason),
                Cell(text=reference),
                *(Cell(text=figure) for figure in figures),
            )
        )
    return Table(
        caption="Agreement of outputs: output error, relative to how far the inputs move a slice",
        header=("contender", "outputs", "reference", "worst", "allowed", "at batch", "same top-1"),
        rows=tuple(rows),
        left=frozenset({0, 1, 2}),
    )
