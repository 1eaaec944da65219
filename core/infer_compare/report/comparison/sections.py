"""The sections of a comparison: verdicts, conditions that differ, tables, and the two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.comparison.sentences import guard_sentence, point_sentence
from infer_compare.report.comparison.tables import tables
from infer_compare.report.sections.blocks import (
    MARKDOWN,
    PAGE,
    Cell,
    Facts,
    Headline,
    Paragraph,
    Section,
    Sentences,
    Table,
)
from infer_compare.report.words import plain
from infer_compare.stats.wording import count, percent
from infer_compare.verdicts.looks import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from infer_compare.report.comparison.schema import ComparisonDocument, RunReport
    from infer_compare.report.sections.blocks import Row, Standing
    from infer_compare.verdicts.unpaired import Condition


def sections(document: ComparisonDocument) -> list[Section]:
    """Return the sections in order: the answer first, unless differing conditions withhold verdicts."""
    verdicts, conditions = list(_verdicts(document)), list(_conditions(document))
    compared = document.comparison
    withheld = any(condition.decisive for condition in compared.conditions) and not compared.across_conditions
    middle = [*conditions, *verdicts] if withheld else [*verdicts, *conditions]
    return [*_beginning(document), *middle, *tables(document), *_rest(document)]


def _beginning(document: ComparisonDocument) -> Iterator[Section]:
    runs = f"run {document.new.run_id} against run {document.base.run_id}, which is the base"
    yield Section(
        title=f"{document.model.name}: new against base",
        level=2,
        blocks=(Paragraph(text=f"{_contenders(document)}: {runs}.", media=MARKDOWN),),
    )
    if document.untested:
        yield Section(title="Not tested", blocks=(Paragraph(text=document.untested, tone="bad"),))


def _conditions(document: ComparisonDocument) -> Iterator[Section]:
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


def _condition(condition: Condition) -> Row:
    """Return the row of a condition: a mark if it withholds verdicts, its topic and contender, and both texts."""
    topic = condition.topic if condition.contender is None else f"{condition.contender}: {condition.topic}"
    kind = "doubt" if condition.decisive else ""
    texts = ("!" if condition.decisive else "", topic, condition.base, condition.new)
    return tuple(Cell(text=text, kind=kind, faint=not condition.decisive) for text in texts)


def _follows(document: ComparisonDocument) -> str:
    """Return what follows from the conditions that differ."""
    comparison = document.comparison
    if not any(condition.decisive for condition in comparison.conditions):
        return "None of these keeps the runs from being compared."
    if comparison.across_conditions:
        return "Conditions marked ! differ, and verdicts were asked for all the same (--across-conditions)."
    whom = [condition.contender for condition in comparison.conditions if condition.decisive]
    rest = "" if None in whom else f" of {' and '.join(sorted({str(name) for name in whom}))}"
    return (
        f"Where conditions marked ! differ, verdicts{rest} are withheld; --across-conditions gives them all the same."
    )


def _verdicts(document: ComparisonDocument) -> Iterator[Section]:
    verdicts = {best.verdict for best in document.comparison.bests}
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
            Sentences(items=tuple(plain(point_sentence(best)) for best in document.comparison.bests)),
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
                *_listed(plain(contender.sentence) for contender in guard.guarded),
            ),
        )


def _rest(document: ComparisonDocument) -> Iterator[Section]:
    missing = [plain(contender.sentence) for contender in document.comparison.missing]
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
    bests = document.comparison.bests
    settings = len({best.point.axes for best in bests})
    contenders = count(len({best.contender for best in bests}), "contender")
    return f"{contenders} at {settings} settings" if settings > 1 else contenders


def _listed(sentences: Iterable[str]) -> Iterator[Sentences]:
    if items := tuple(sentences):
        yield Sentences(items=items)
