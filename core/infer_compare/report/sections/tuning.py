"""The sections of a search for the fastest configuration: ranking, winner, other choices, dropped configurations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.phrases import milliseconds, size_words
from infer_compare.report.sections.blocks import Cell, Code, Command, Paragraph, Section, Table
from infer_compare.report.words import size
from infer_compare.stats.wording import percent, significant

if TYPE_CHECKING:
    from infer_compare.report.schema import ReportDocument
    from infer_compare.report.schema.tuning import DroppedReport, RecipeReport
    from infer_compare.report.sections.blocks import AnyBlock, Row
    from infer_compare.report.sections.view import View
    from infer_compare.verdicts.best import Best
    from infer_compare.verdicts.pareto import Choice


def ranking(view: View) -> Section | None:
    """Return the measured configurations, the fastest first, each at its best batch size."""
    bests = view.document.answers[0].answer.by_contender
    if not bests:
        return None
    first = bests[0].figures.throughput
    table = Table(
        caption="Configurations at their best batch size, the fastest first",
        header=("contender", "batch", "samples/s", "of the best", "p95 ms"),
        rows=tuple(_ranked(best, first) for best in bests),
    )
    return Section(title="Ranking", subtitle="each at its best batch size", blocks=(table,))


def winner(view: View) -> Section | None:
    """Return how to measure the winner again, and how to use it in a program."""
    tuning = view.document.tuning
    if tuning is None or tuning.recipe is None:
        return None
    recipe = tuning.recipe
    blocks: list[AnyBlock] = [
        Paragraph(text="To measure it again:"),
        Command(words=_command(view.document, recipe)),
    ]
    if recipe.code:
        where = f"{recipe.file} is in the run folder" if recipe.kept else f"{recipe.file} is your model file"
        blocks += [Paragraph(text=f"To use it ({where}):"), Code(text=recipe.code)]
    return Section(title="How to use it", subtitle=f"{recipe.contender} at {recipe.point}", blocks=tuple(blocks))


def pareto(view: View) -> Section | None:
    """Return the choices that no other choice beats in everything."""
    tuning = view.document.tuning
    if tuning is None or not tuning.front:
        return None
    table = Table(
        caption="What no other choice beats in throughput, latency, output error and memory at once",
        header=("contender", "batch", "samples/s", "p95 ms", "output error", "memory"),
        rows=tuple(map(_choice, tuning.front)),
    )
    return Section(title="Best choices", subtitle="no other one beats them in everything", blocks=(table,))


def dropped(view: View) -> Section | None:
    """Return the dropped configurations, with when and why."""
    tuning = view.document.tuning
    if tuning is None or not tuning.dropped:
        return None
    table = Table(
        caption="Configurations that were dropped, in their order",
        header=("contender", "after", "because"),
        rows=tuple(map(_dropped, tuning.dropped)),
        left=frozenset({0, 1, 2}),
        wrap=frozenset({0, 2}),
    )
    return Section(title="Dropped", subtitle="to spend the time on the others", blocks=(table,))


def _ranked(best: Best, first: float) -> Row:
    return (
        Cell(text=best.name, contender=best.contender),
        Cell(text=size_words(best.point)),
        Cell(text=significant(best.figures.throughput)),
        Cell(text=percent(best.figures.throughput / first)),
        Cell(text=milliseconds(best.figures.latency_p95_ns)),
    )


def _choice(choice: Choice) -> Row:
    return (
        Cell(text=choice.contender, contender=choice.contender),
        Cell(text=size_words(choice.point)),
        Cell(text=significant(choice.throughput)),
        Cell(text=milliseconds(choice.latency_ns)),
        Cell(text="" if choice.error is None else f"{choice.error:.2g}"),
        Cell(text="" if choice.memory is None else size(choice.memory)),
    )


def _dropped(record: DroppedReport) -> Row:
    if record.reason in {"untried", "time"}:
        after = "not tried" if record.reason == "untried" else ""
    else:
        after = f"restart {record.restart}" if record.restart else "trial calls"
    return (
        Cell(text=record.contender, contender=record.contender),
        Cell(text=after),
        Cell(text=record.sentence),
    )


def _command(document: ReportDocument, recipe: RecipeReport) -> tuple[str, ...]:
    sizes = ("--batch-sizes", str(recipe.point.batch))
    return ("infer-compare", "run", document.model.source, "-b", recipe.typed, *sizes)
