"""The section with the verdicts on all pairs of contenders, at one operating point or best against best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.report.sections.blocks import PAGE, TERMINAL, Cell, Folded, Section, Sentences, Table
from infer_compare.report.sentences.verdicts import against, pair_sentence
from infer_compare.report.words import plain
from infer_compare.stats.wording import count
from infer_compare.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.report.sections.view import View
    from infer_compare.verdicts import PairVerdict

ADJUSTED = "adjusted for the number of sizes, not of contenders"
ADJUSTED_BESTS = (
    "adjusted for their number by Holm's method; only the recommended one is held against the others' bests"
)

_KINDS: dict[Verdict, str] = {
    Verdict.FASTER: "slower",
    Verdict.SLOWER: "faster",
    Verdict.SAME: "same",
    Verdict.INCONCLUSIVE: "unsettled",
    Verdict.INVALID: "invalid",
}
"""The verdict on A as a statement about B."""


def verdict_cell(pair: PairVerdict) -> Cell:
    """Return the verdict as a statement about B, with a mark, and the whole sentence as a tooltip."""
    return Cell(text=against(pair), kind=f"verdict {_KINDS[pair.verdict]}", hint=plain(pair_sentence(pair)))


def every_pair(view: View) -> Section | None:
    """Return the verdict on every pair at every size: as sentences with -v, as a choice of tables on the page."""
    if view.page:
        blocks: tuple[Sentences | Folded, ...] = tuple(_matrices(view))
    else:
        blocks = tuple(_sentences(view)) if view.verbose else ()
    if not blocks:
        return None
    return Section(
        title="Every pair",
        subtitle=count(len(blocks[0].items), "verdict") if isinstance(blocks[0], Sentences) else "",
        page_title="Who beats whom",
        look="card matrices",
        choice="Throughput at",
        blocks=blocks,
    )


def _sentences(view: View) -> Iterator[Sentences]:
    compared = [pair for pair in view.document.pairs if pair.comparison is not None]
    items = tuple(f"{pair.a.point}: {pair_sentence(pair)}" for pair in sorted(compared, key=lambda pair: pair.a.point))
    if items:
        yield Sentences(title=f"{ADJUSTED[0].upper()}{ADJUSTED[1:]}.", items=items, media=TERMINAL)


def _matrices(view: View) -> Iterator[Folded]:
    """Yield the matrix of best against best, then one for each operating point with compared contenders."""
    if len(view.document.contenders) < 2:
        return
    bests = view.answer.answer.headline if view.answer is not None else ()
    if bests:
        yield _matrix(view, "best against best", bests, ADJUSTED_BESTS, is_first=True)
    by_point: dict[str, list[PairVerdict]] = {}
    for pair in sorted(view.document.pairs, key=lambda pair: pair.a.point):
        if pair.a.point == pair.b.point:
            by_point.setdefault(str(pair.a.point), []).append(pair)
    is_first = not bests
    for point, pairs in by_point.items():
        if any(pair.comparison is not None for pair in pairs):
            yield _matrix(view, point, pairs, ADJUSTED, is_first=is_first)
            is_first = False


def _matrix(view: View, title: str, pairs: Sequence[PairVerdict], note: str, *, is_first: bool) -> Folded:
    by_row: dict[tuple[str, str], Cell] = {}
    for pair in pairs:
        by_row[pair.b.label, pair.a.label] = _brief(pair)
        by_row[pair.a.label, pair.b.label] = _brief(pair.turned())
    shown = [label for label in view.names if any(label in key for key in by_row)]
    itself, unknown = Cell(text="", kind="self"), Cell(text="", kind="empty")
    table = Table(
        caption=f"Throughput, {title}: the row is … than the column",
        header=("", *(view.names[label] for label in shown)),
        rows=tuple(
            (
                Cell(text=view.names[row], contender=row),
                *(itself if row == column else by_row.get((row, column), unknown) for column in shown),
            )
            for row in shown
        ),
        left=frozenset(range(len(shown) + 1)),
        notes=(note,),
        look="verdicts",
        media=PAGE,
    )
    sentences = tuple(plain(pair_sentence(pair)) for pair in pairs if pair.comparison is not None or pair.reason)
    return Folded(title=title, open=is_first, blocks=(table, Sentences(items=sentences)), media=PAGE)


def _brief(pair: PairVerdict) -> Cell:
    """Return the cell without the sentence, which follows below the matrix."""
    return msgspec.structs.replace(verdict_cell(pair), hint="")
