"""The sections of a comparison: conditions that differ, the verdicts, tables, and which runs these are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.comparison.charts import latency_chart, throughput_chart
from infer_compare.report.comparison.sentences import guard_sentence, interval_words, point_sentence
from infer_compare.report.phrases import axes_words, milliseconds, size_words
from infer_compare.report.sections.blocks import (
    MARKDOWN,
    PAGE,
    Cell,
    Chart,
    Charts,
    Facts,
    Grid,
    Headline,
    Paragraph,
    Section,
    Sentences,
    Table,
)
from infer_compare.report.words import plain, size
from infer_compare.stats.wording import count, percent, ratio, significant
from infer_compare.verdicts.looks import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from infer_compare.report.comparison.schema import ComparisonDocument, MemoryReport, RunReport
    from infer_compare.report.sections.blocks import Row, Standing
    from infer_compare.verdicts.unpaired import Condition, PointComparison
    from infer_compare.verdicts.unpaired.points import PointSide

LEGEND = "base, new: samples/s; ratio: new over base, above 1 is faster"
KINDS: dict[Verdict, str] = {
    Verdict.FASTER: "verdict faster strong",
    Verdict.SLOWER: "verdict slower strong",
    Verdict.SAME: "verdict same",
    Verdict.INCONCLUSIVE: "verdict unsettled",
    Verdict.INVALID: "verdict invalid",
}


def sections(document: ComparisonDocument) -> list[Section]:
    """Return the sections in their fixed order: what restricts the verdicts comes before them."""
    return [*_restrictions(document), *_verdicts(document), *_tables(document), *_rest(document)]


def point_cells(one: PointComparison) -> tuple[str, ...]:
    """The cells of one contender at one operating point."""
    return (
        size_words(one.point),
        significant(one.base.throughput),
        significant(one.new.throughput),
        f"{ratio(one.ratio.ratio)}x",
        interval_words(one.ratio) or "none",
        one.verdict.value,
    )


def _restrictions(document: ComparisonDocument) -> Iterator[Section]:
    runs = f"run {document.new.run_id} against run {document.base.run_id}, which is the base"
    yield Section(
        title=f"{document.model.name}: new against base",
        level=2,
        blocks=(Paragraph(text=f"{_contenders(document)}: {runs}.", media=MARKDOWN),),
    )
    if document.untested:
        yield Section(title="Not tested", blocks=(Paragraph(text=document.untested, tone="bad"),))
    conditions = document.comparison.conditions
    if conditions:
        table = Table(
            caption="Conditions that differ",
            header=("", "condition", "base", "new"),
            rows=tuple(map(_condition, conditions)),
            left=frozenset(range(4)),
            wrap=frozenset({1, 2, 3}),
            look="compact",
        )
        yield Section(title="Conditions that differ", blocks=(table, Paragraph(text=_follows(document))))


def _condition(one: Condition) -> Row:
    """A mark for what verdicts need to be equal, what it is and whose, and both texts."""
    topic = one.topic if one.contender is None else f"{one.contender}: {one.topic}"
    kind = "doubt" if one.decisive else ""
    texts = ("!" if one.decisive else "", topic, one.base, one.new)
    return tuple(Cell(text=text, kind=kind, faint=not one.decisive) for text in texts)


def _follows(document: ComparisonDocument) -> str:
    """What follows from the conditions that differ."""
    found = document.comparison
    if not any(one.decisive for one in found.conditions):
        return "None of these keeps the runs from being compared."
    if found.across_conditions:
        return "Conditions marked ! differ, and verdicts were asked for all the same (--across-conditions)."
    whom = [one.contender for one in found.conditions if one.decisive]
    rest = "" if None in whom else f" of {' and '.join(sorted({str(one) for one in whom}))}"
    return (
        f"Where conditions marked ! differ, verdicts{rest} are withheld; --across-conditions gives them all the same."
    )


def _verdicts(document: ComparisonDocument) -> Iterator[Section]:
    verdicts = {one.verdict for one in document.comparison.bests}
    standing: Standing = "shown"
    if Verdict.SLOWER in verdicts or document.regression:
        standing = "bad"
    elif Verdict.INCONCLUSIVE in verdicts:
        standing = "estimate"
    yield Section(
        title="Verdicts at the best batch sizes of the base",
        heading="new against base",
        subtitle=f"{document.model.name}, {_contenders(document)}, each at the base's best batch size",
        page_title="",
        look=f"answer card {standing}",
        blocks=(
            Headline(text=document.headline, standing=standing),
            Paragraph(text="How sure", tone="aside", media=PAGE),
            Sentences(items=tuple(plain(point_sentence(one)) for one in document.comparison.bests)),
        ),
    )
    guard = document.comparison.guard
    if guard is not None:
        first = guard_sentence(guard)
        yield Section(
            title="Guard",
            blocks=(
                Paragraph(
                    text=plain(f"{first[0].upper()}{first[1:]}."), tone="bad" if document.regression else "strong"
                ),
                *_listed(plain(one.sentence) for one in guard.guarded),
            ),
        )


def _tables(document: ComparisonDocument) -> Iterator[Section]:
    points = sorted(document.comparison.points, key=lambda one: one.point)
    sizes = tuple(dict.fromkeys(size_words(one.point) for one in points))
    tables: dict[str, tuple[Cell, dict[str, Row]]] = {}
    for one in document.comparison.points:
        own = tables.setdefault(one.contender, (Cell(text=one.name, contender=one.contender), {}))
        stub, *figures, verdict = point_cells(one)
        own[1][stub] = (*(Cell(text=text) for text in figures), Cell(text=verdict, kind=KINDS[one.verdict]))
    grid = Grid(
        caption="All batch sizes",
        stub="batch",
        header=("base", "new", "ratio", "95 % interval", "verdict"),
        left=frozenset({4}),
        rows=sizes,
        tables=tuple((name, tuple(map(rows.get, sizes))) for name, rows in tables.values()),
    )
    if points:
        yield Section(title="Curves", page_title="", look="", blocks=tuple(_charts(document)))
    yield Section(
        title="All batch sizes",
        subtitle="verdicts not adjusted for their number",
        note="verdicts not adjusted for their number",
        blocks=(grid, Sentences(items=(LEGEND,))),
    )
    if rows := tuple(row for one in document.memory for row in _memory(one)):
        table = Table(
            caption="Memory",
            header=("contender", "figure", "base", "new"),
            rows=rows,
            left=frozenset({0, 1}),
            wrap=frozenset({0, 1, 2, 3}),
        )
        without = "facts, without a verdict"
        yield Section(title="Memory", subtitle=without, note=without, blocks=(table,))


def _charts(document: ComparisonDocument) -> Iterator[Charts]:
    """The curves of both runs, for each setting of the other axes."""
    points = document.comparison.points
    for place, axes in enumerate(sorted({one.point.axes for one in points})):
        own = [one for one in points if one.point.axes == axes]
        where = f", {axes_words(axes)}" if axes else ""
        lead = "The new run is drawn with full marks, the base darker and hollow, in the same hue."
        yield Charts(
            charts=(
                Chart(
                    id=f"c{place}-throughput",
                    title=f"Throughput against batch size{where}",
                    lead=f"Samples a second. {lead}",
                    table=_chart_table(own, "samples/s", lambda one: significant(one.throughput)),
                    data=throughput_chart(own),
                ),
                Chart(
                    id=f"c{place}-latency",
                    title=f"Latency against batch size{where}",
                    lead=f"The median of one call in milliseconds. {lead}",
                    table=_chart_table(own, "p50 ms", lambda one: milliseconds(one.latency_p50_ns)),
                    data=latency_chart(own),
                ),
            ),
            media=PAGE,
        )


def _chart_table(points: list[PointComparison], unit: str, words: Callable[[PointSide], str]) -> Table:
    return Table(
        caption=f"{unit} in both runs",
        header=("contender", "batch", f"base {unit}", f"new {unit}"),
        rows=tuple(
            (
                Cell(text=one.name, contender=one.contender),
                *(Cell(text=text) for text in (size_words(one.point), words(one.base), words(one.new))),
            )
            for one in points
        ),
    )


def _memory(one: MemoryReport) -> Iterator[Row]:
    """Contender, figure, and its value in both runs."""
    name = Cell(text=f"{one.name} ({axes_words(one.axes)})" if one.axes else one.name, contender=one.contender)
    largest = (_largest(one.largest[side], one.failed[side]) for side in (0, 1))
    yield (name, *(Cell(text=text) for text in ("largest batch that ran", *largest)))
    for what, values in (("peak memory", one.resident_bytes), ("on the device", one.allocated_bytes)):
        if one.point is not None and any(value is not None for value in values):
            sizes = ("unknown" if value is None else size(value) for value in values)
            yield (name, *(Cell(text=text) for text in (f"{what} at {one.point}", *sizes)))


def _largest(largest: int | None, failed: int | None) -> str:
    told = "none" if largest is None else str(largest)
    if failed is not None:
        return f"{told} ({failed} did not fit)"
    return f"{told} (none failed)" if largest is not None else told


def _rest(document: ComparisonDocument) -> Iterator[Section]:
    missing = [plain(one.sentence) for one in document.comparison.missing]
    for title, sentences in (("Not compared", missing), ("Notes", document.notes)):
        if sentences:
            yield Section(title=title, blocks=tuple(_listed(sentences)))
    rows = tuple(
        (f"{which}{end}", text)
        for which, run in (("base", document.base), ("new", document.new))
        for end, text in (("", _run_words(run)), (" made by", run.repeat))
    )
    yield Section(title="Runs", look="card conditions", folded=True, blocks=(Facts(rows=rows),))


def _run_words(run: RunReport) -> str:
    rejected = f", {percent(run.rejected / run.slices)} of {count(run.slices, 'slice')} rejected" if run.slices else ""
    return f"{run.run_id}, {run.created}, {run.mode}, {run.state}{rejected}"


def _contenders(document: ComparisonDocument) -> str:
    return count(len(document.comparison.bests), "contender")


def _listed(sentences: Iterable[str]) -> Iterator[Sentences]:
    if items := tuple(sentences):
        yield Sentences(items=items)
