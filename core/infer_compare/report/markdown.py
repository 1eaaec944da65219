"""The report for a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.facts import contender_facts, general_facts
from infer_compare.report.markup import code, code_cell, escape, fenced, listed, table
from infer_compare.report.phrases import (
    COSTS,
    PARTS,
    PASSES,
    agreement_cells,
    agreement_reasons,
    answer_sentences,
    arithmetic_sentences,
    axes_words,
    bests_title,
    boundary_sentences,
    cost_rows,
    excluded_sentences,
    failure_sentence,
    milliseconds,
    missing_words,
    note_sentences,
    parts_rows,
    pass_rows,
    shape_sentences,
    size_words,
    spread_words,
    standings,
)
from infer_compare.report.price import cost_note, price_words
from infer_compare.report.several import BESTS, best_rows, run_words
from infer_compare.stats.wording import ratio, significant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from infer_compare.report.schema import AnswerReport, Curve, PointReport, ReportDocument


class MarkdownReporter:
    """Markdown as GitHub and GitLab read it; the conditions are folded away."""

    name = "markdown"
    suffix = ".md"

    def render(self, document: ReportDocument) -> str:
        """The report: answer, tables, findings, conditions."""
        return "\n\n".join(_blocks(document)) + "\n"

    def render_many(self, documents: Sequence[ReportDocument]) -> str:
        """The best of each run, then the reports one after the other."""
        blocks = ["# The best of each run", _runs(documents)]
        for number, document in enumerate(documents, 1):
            blocks += [f"# Run {number}: {escape(run_words(document))}", *_blocks(document)]
        return "\n\n".join(blocks) + "\n"


def _blocks(document: ReportDocument) -> Iterator[str]:
    yield from _answer(document)
    yield from _costs(document)
    yield from _curves(document)
    yield from _findings(document)
    yield from _conditions(document)


def _runs(documents: Sequence[ReportDocument]) -> str:
    rows: list[list[str]] = []
    for number, model, machine, best, *figures in best_rows(documents):
        rows.append([number, escape(model), escape(machine), code_cell(best), *figures])
    return table(BESTS, rows)


def _costs(document: ReportDocument) -> Iterator[str]:
    costs = document.costs
    if costs is None:
        return
    yield f"### Cost of a million samples at {escape(price_words(costs.price))}"
    if costs.by_contender:
        yield table(COSTS, ([code_cell(name), *map(escape, cells)] for name, *cells in cost_rows(costs)))
    yield listed([cost_note(document)])


def _answer(document: ReportDocument) -> Iterator[str]:
    yield f"## {escape(document.model.name)}: which framework, at which batch size"
    for one in document.answers:
        yield f"**{escape(one.headline)}**"
        if any(row.best for row in one.under_bound):
            yield _under_bound(one)
        if one.answer.by_contender:
            yield _bests(one)
        if sentences := answer_sentences(one):
            yield listed(sentences)
    if others := excluded_sentences(document):
        yield listed(others)
    if document.shortcomings:
        yield "**Not everything that was asked for was answered:**"
        yield listed(document.shortcomings)


def _bests(one: AnswerReport) -> str:
    stand = standings(one.answer)
    return table(
        (bests_title(one.answer), "batch", "samples/s", "± %", "p50 ms", "p95 ms", "against the best"),
        [
            (
                code_cell(best.name),
                size_words(best.point),
                significant(best.figures.throughput),
                spread_words(best.figures),
                milliseconds(best.figures.latency_p50_ns),
                milliseconds(best.figures.latency_p95_ns),
                escape(stand[best.contender]),
            )
            for best in one.answer.by_contender
        ],
    )


def _under_bound(one: AnswerReport) -> str:
    bound = one.answer.bound
    assert bound is not None
    return table(
        (escape(bound.words), "batch", "samples/s", f"p{bound.percentile:g} ms", "largest", "behind (estimate)"),
        [
            (
                code_cell(row.name),
                size_words(row.best.point) if row.best else "none",
                significant(row.best.throughput) if row.best else "",
                milliseconds(row.best.latency_ns) if row.best else "",
                size_words(row.largest.point) if row.largest else "",
                f"{ratio(row.behind)}x" if row.behind is not None and row.behind > 1 else "",
            )
            for row in one.under_bound
        ],
    )


def _curves(document: ReportDocument) -> Iterator[str]:
    if not document.curves:
        return
    yield "### Throughput and latency"
    names = {one.label: one.name for one in document.contenders}
    for axes in dict.fromkeys(curve.axes for curve in document.curves):
        own = [curve for curve in document.curves if curve.axes == axes]
        if axes:
            yield f"**{escape(axes_words(axes))}**"
        header = ["batch", *(code_cell(names[curve.contender]) for curve in own)]
        yield "Samples a second, ± half of the 95 % interval in percent; bold where shown to beat every other:"
        yield table(header, _rows(own, _throughput))
        if any(point.figures is not None for curve in own for point in curve.points):
            yield "Latency of one call in milliseconds, p50 / p95:"
            yield table(header, _rows(own, _latency))


def _rows(own: Sequence[Curve], cell: Callable[[PointReport], str]) -> Iterator[list[str]]:
    every = sorted({point.point.batch for curve in own for point in curve.points})
    by_curve = [{point.point.batch: point for point in curve.points} for curve in own]
    for batch in every:
        yield [str(batch), *(cell(points[batch]) if batch in points else "" for points in by_curve)]


def _throughput(point: PointReport) -> str:
    found = point.figures
    if found is None:
        return "not measured" if point.outcome == "measured" and point.rejected is None else missing_words(point)
    figure = significant(found.throughput)
    spread = f" ±{spread_words(found)}" if found.spread is not None else ""
    return f"**{figure}**{spread}" if point.fastest else f"{figure}{spread}"


def _latency(point: PointReport) -> str:
    found = point.figures
    return f"{milliseconds(found.latency_p50_ns)} / {milliseconds(found.latency_p95_ns)}" if found is not None else ""


def _findings(document: ReportDocument) -> Iterator[str]:
    if parts := parts_rows(document):
        yield "### Parts of an iteration, at the best batch size"
        yield table(PARTS, ((code_cell(name), escape(where), *figures) for name, where, *figures in parts))
    if passes := pass_rows(document):
        yield f"### Passes over {document.plan.data_rows:,} samples, with the share of each part"
        yield table(PASSES, ((code_cell(name), escape(where), *figures) for name, where, *figures in passes))
    sections = {
        "Shape of the curves": shape_sentences(document),
        "Arithmetic": arithmetic_sentences(document),
        "Memory boundary": boundary_sentences(document),
        "Failures": [failure_sentence(one) for one in document.failures],
    }
    for title, sentences in sections.items():
        if sentences:
            yield f"### {title}"
            yield listed(sentences)
    if document.agreements:
        yield "### Agreement of outputs"
        yield _agreements(document)
        if reasons := agreement_reasons(document):
            yield listed(reasons)
    if notes := note_sentences(document):
        yield "### Notes"
        yield listed(notes)


def _agreements(document: ReportDocument) -> str:
    rows: list[list[str]] = []
    for one in document.agreements:
        label, verdict, reference, *figures = agreement_cells(one)
        rows.append([code_cell(label), verdict, code_cell(reference), *map(escape, figures)])
    return table(("contender", "outputs", "reference", "worst", "allowed", "at batch", "same top-1"), rows)


def _conditions(document: ReportDocument) -> Iterator[str]:
    yield "<details>\n<summary>Conditions</summary>"
    yield _facts(general_facts(document))
    for one in document.contenders:
        yield f"{code(one.name)}:"
        yield _facts(contender_facts(one))
    yield "Repeat with:"
    yield fenced(document.repeat, "sh")
    yield "</details>"


def _facts(rows: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"- {key}: {escape(value)}" for key, value in rows if value)
