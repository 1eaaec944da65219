"""What else was found: cost, shape, arithmetic, parts, memory, failures, agreement of outputs, notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.phrases import (
    COSTS,
    PARTS,
    PASSES,
    agreement_cells,
    agreement_reasons,
    arithmetic_sentences,
    boundary_sentences,
    cost_rows,
    failure_sentence,
    note_sentences,
    parts_rows,
    pass_rows,
    shape_sentences,
)
from infer_compare.report.price import cost_note, price_words
from infer_compare.report.sections.blocks import Cell, Section, Sentences, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from infer_compare.report.sections.view import View

ERRORS = "output error, relative to how far the inputs move a slice"
AGREEMENTS = ("contender", "outputs", "reference", "worst", "allowed", "at batch", "same top-1")


def cost(view: View) -> Section | None:
    """What a million samples cost, where the machine's price was given."""
    costs = view.document.costs
    if costs is None:
        return None
    price = price_words(costs.price)
    labels = [one.contender for one in costs.by_contender]
    table = _table(f"Cost of a million samples at {price}", COSTS, cost_rows(costs), labels)
    return Section(
        title=f"Cost of a million samples at {price}",
        heading="cost",
        subtitle=f"of a million samples at {price}",
        look="card costs",
        blocks=(*([table] if labels else []), Sentences(items=(cost_note(view.document),))),
    )


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


def parts(view: View) -> Section | None:
    """Where the time of an end-to-end iteration goes; nothing for other scopes."""
    rows = parts_rows(view.document)
    if not rows:
        return None
    subtitle = "medians, at the best batch size"
    return Section(
        title="Parts of an iteration, at the best batch size",
        heading="parts of an iteration",
        subtitle=subtitle,
        blocks=(_table(f"Parts of an iteration: {subtitle}", PARTS, rows),),
    )


def passes(view: View) -> Section | None:
    """What passes over the data set take, and where the time goes; nothing for other scopes."""
    rows = pass_rows(view.document)
    if not rows:
        return None
    plan = view.document.plan
    title = f"Passes over {plan.data_rows:,} samples, with the share of each part"
    return Section(
        title=title,
        heading="passes",
        subtitle=f"over the {plan.data_rows:,} samples of {plan.data}, shares of a pass",
        blocks=(_table(title, PASSES, rows),),
    )


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
    rows = []
    for one in document.agreements:
        label, verdict, reference, *figures = agreement_cells(one)
        rows.append(
            (
                Cell(text=label, contender=one.contender),
                Cell(text=verdict, kind=f"outputs {one.verdict}", hint=one.reason),
                Cell(text=reference, code=True),
                *(Cell(text=figure) for figure in figures),
            )
        )
    table = Table(
        caption=f"Agreement of outputs: {ERRORS}",
        header=AGREEMENTS,
        rows=tuple(rows),
        left=frozenset({0, 1, 2}),
        wrap=frozenset({0, 2, 5, 6}),
        look="compact",
    )
    why = tuple(agreement_reasons(document)) if reasons else ()
    return Section(
        title="Agreement of outputs",
        subtitle=ERRORS,
        note=ERRORS,
        blocks=(table, *([Sentences(items=why, tone="bad")] if why else [])),
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


def _table(
    caption: str, header: tuple[str, ...], rows: Iterable[tuple[str, ...]], labels: Sequence[str] | None = None
) -> Table:
    """A table whose first column names contenders; by their labels they have their colours on the page."""
    rows = list(rows)
    owners = labels or [name for name, *_ in rows]
    return Table(
        caption=caption,
        header=header,
        rows=tuple(
            (Cell(text=name, contender=label, code=True), *(Cell(text=text) for text in rest))
            for label, (name, *rest) in zip(owners, rows, strict=True)
        ),
        wrap=frozenset({0, 1}),
    )
