"""Every contender against every other, at one operating point or best against best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.report.html.tables import Cell, Table
from infer_compare.report.phrases import against
from infer_compare.report.words import plain
from infer_compare.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from infer_compare.report.html.contenders import Contender
    from infer_compare.report.html.facets import Facet
    from infer_compare.verdicts import PairVerdict

BEST = "best against best"

_KINDS: dict[Verdict, str] = {
    Verdict.FASTER: "slower",
    Verdict.SLOWER: "faster",
    Verdict.SAME: "same",
    Verdict.INCONCLUSIVE: "unsettled",
    Verdict.INVALID: "invalid",
}
"""What the verdict on A says of B."""
_TURNED = {Verdict.FASTER: Verdict.SLOWER, Verdict.SLOWER: Verdict.FASTER}


class Matrix(msgspec.Struct, frozen=True, kw_only=True):
    """The verdicts at one place."""

    title: str
    table: Table
    sentences: tuple[str, ...]


def matrices(facet: Facet, known: Mapping[str, Contender]) -> tuple[Matrix, ...]:
    """Best against best first, then each operating point at which two contenders were held against each other."""
    labels = [one.label for one in facet.document.contenders]
    if len(labels) < 2:
        return ()
    found: list[Matrix] = []
    if facet.answer is not None and facet.answer.answer.headline:
        note = "adjusted for their number by Holm's method; only the recommended one is held against the others' bests"
        found.append(_matrix(BEST, facet.answer.answer.headline, labels, known, (note,)))
    for point in sorted({pair.a.point for pair in facet.document.pairs if pair.a.point.axes == facet.axes}):
        own = [pair for pair in facet.document.pairs if pair.a.point == point and pair.b.point == point]
        if any(pair.comparison is not None for pair in own):
            found.append(
                _matrix(str(point), own, labels, known, ("adjusted for the number of sizes, not of contenders",))
            )
    return tuple(found)


def verdict_cell(pair: PairVerdict) -> Cell:
    """What the verdict says of B, in words and with a mark; the whole sentence on request."""
    return Cell(text=against(pair), kind=f"verdict {_KINDS[pair.verdict]}", hint=plain(pair.sentence()))


def _brief(pair: PairVerdict) -> Cell:
    """Without the sentence, which stands below the matrix."""
    return Cell(text=against(pair), kind=f"verdict {_KINDS[pair.verdict]}")


def _matrix(
    title: str,
    pairs: Iterable[PairVerdict],
    labels: Sequence[str],
    known: Mapping[str, Contender],
    notes: tuple[str, ...],
) -> Matrix:
    pairs = list(pairs)
    by_row: dict[tuple[str, str], Cell] = {}
    for pair in pairs:
        by_row[pair.b.label, pair.a.label] = _brief(pair)
        by_row[pair.a.label, pair.b.label] = _brief(_turned(pair))
    shown = [label for label in labels if any(label in key for key in by_row)]
    rows: list[tuple[Cell, ...]] = []
    for row in shown:
        head = Cell(text=known[row].name, contender=known[row].place)
        rest = (
            Cell(text="", kind="self") if row == column else by_row.get((row, column), Cell(text="", kind="empty"))
            for column in shown
        )
        rows.append((head, *rest))
    table = Table(
        caption=f"Throughput, {title}: the row is … than the column",
        header=("", *(known[label].name for label in shown)),
        rows=tuple(rows),
        left=frozenset(range(len(shown) + 1)),
        notes=notes,
    )
    sentences = tuple(plain(pair.sentence()) for pair in pairs if pair.comparison is not None or pair.reason)
    return Matrix(title=title, table=table, sentences=sentences)


def _turned(pair: PairVerdict) -> PairVerdict:
    """The same verdict with the sides exchanged; `against` turns the figures itself."""
    return msgspec.structs.replace(
        pair,
        a=pair.b,
        b=pair.a,
        verdict=_TURNED.get(pair.verdict, pair.verdict),
        comparison=pair.comparison.turned() if pair.comparison is not None else None,
    )
