"""The sections about where the time goes: parts of an end-to-end iteration, and of passes over a data set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.phrases import milliseconds, size_words
from infer_compare.report.sections.blocks import Cell, Section, Table
from infer_compare.stats.wording import significant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infer_compare.report.sections.blocks import Row
    from infer_compare.report.sections.view import View
    from infer_compare.verdicts import Figures

PARTS = ("contender", "batch", "stage ms", "run ms", "fetch ms")


def parts(view: View) -> Section | None:
    """Return the median parts for each contender at its best batch size; None for other scopes."""
    bests = [best for report in view.document.answers for best in report.answer.by_contender]
    rows = [
        _row(
            best.contender,
            best.name,
            best.figures,
            map(milliseconds, (phases.stage_ns, phases.run_ns, phases.fetch_ns)),
        )
        for best in bests
        if (phases := best.figures.phases) is not None and phases.load_ns is None
    ]
    return _section(
        rows,
        PARTS,
        title="Parts of an iteration, at the best batch size",
        heading="parts of an iteration",
        subtitle="medians, at the best batch size",
    )


def passes(view: View) -> Section | None:
    """Return the duration of a pass at each batch size, and the share of each part; None for other scopes."""
    plan = view.document.plan
    rows = []
    for point in view.points:
        figures = point.figures
        if figures is None or figures.phases is None or figures.phases.load_ns is None or not plan.data_rows:
            continue
        durations = (figures.phases.load_ns, figures.phases.stage_ns, figures.phases.run_ns, figures.phases.fetch_ns)
        whole = sum(durations) or 1.0
        totals = (significant(figures.latency_p50_ns / 1e9), significant(figures.throughput))
        shares = (f"{part / whole:.0%}" for part in durations)
        rows.append(_row(point.contender, view.names[point.contender], figures, (*totals, *shares)))
    return _section(
        rows,
        ("contender", "batch", "a pass s", "samples/s", "load", "stage", "run", "fetch"),
        title=f"Passes over {plan.data_rows:,} samples, with the share of each part" if rows else "",
        heading="passes",
        subtitle=f"over the {plan.data_rows:,} samples of {plan.data}, shares of a pass" if rows else "",
    )


def _row(label: str, name: str, figures: Figures, texts: Iterable[str]) -> Row:
    place = (Cell(text=name, contender=label), Cell(text=size_words(figures.point)))
    return (*place, *(Cell(text=text) for text in texts))


def _section(rows: list[Row], header: tuple[str, ...], *, title: str, heading: str, subtitle: str) -> Section | None:
    if not rows:
        return None
    table = Table(caption=title, header=header, rows=tuple(rows), wrap=frozenset({0, 1}))
    return Section(title=title, heading=heading, subtitle=subtitle, blocks=(table,))
