"""Salvaging the records of a damaged run file, and describing the damage."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from infer_compare.results import Closing, Header, Note, Round
from infer_compare.stats.wording import count
from infer_compare.store.lines import DamagedLine, decode, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.results import AnyRecord

NAMED = 4
"""The most damaged lines that are described individually."""


class Salvage(NamedTuple):
    """The records of a file, and its damage."""

    records: tuple[AnyRecord, ...]
    damage: tuple[str, ...]
    """Clauses on lines that were left out or are missing; empty for an intact file."""


class _Bad(NamedTuple):
    place: int
    """Number of the line in the file, from 1."""
    kind: str
    reason: str

    def __str__(self) -> str:
        what = f"a {self.kind} record; " if self.kind else ""
        return f"line {self.place} ({what}{self.reason})"


def salvage(lines: Sequence[bytes]) -> Salvage:
    """Return the valid records of the lines of a run file, and its damage.

    Lines are left out if their checksum does not fit, they contain no record, they repeat another line, or they cannot belong to this
    run: a second header, or a record of a contender that the header does not list. Lines out of order are sorted.

    Args:
        lines: without their newlines; the first is the header.

    Raises:
        DamagedLine: the header is damaged.
    """
    header = decode(lines[0]).record
    if not isinstance(header, Header):
        raise DamagedLine("it does not begin with a header")
    labels = frozenset(contender.label for contender in header.contenders)
    kept: list[tuple[tuple[int, int], AnyRecord]] = []
    numbers: set[int] = set()
    bad: list[_Bad] = []
    repeats = 0
    for place, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record, number = decode(line)
            if place > 1 and number not in numbers:
                _require_own(record, labels)
        except DamagedLine as error:
            bad.append(_Bad(place, kind_of(line), str(error)))
            continue
        if number in numbers:
            repeats += 1
            bad.append(_Bad(place, kind_of(line), f"it repeats line {number}"))
            continue
        # A line without a number, for example after editing by hand, stays after its predecessor.
        kept.append(((max(numbers, default=0), place) if number is None else (number, 0), record))
        if number is not None:
            numbers.add(number)
    ordered = sorted(kept, key=itemgetter(0))
    missing = max(numbers, default=0) - len(kept) - len(bad) + repeats
    return Salvage(tuple(record for _, record in ordered), tuple(_damage(bad, missing, moved=ordered != kept)))


def _require_own(record: AnyRecord, labels: frozenset[str]) -> None:
    """Check that a record can belong to a run of some contenders.

    Raises:
        DamagedLine: it cannot.
    """
    if isinstance(record, Header):
        raise DamagedLine("it begins another run")
    if isinstance(record, Note | Closing):
        return
    named = {record.contender} if not isinstance(record, Round) else _contenders(record)
    if strangers := named - labels:
        raise DamagedLine(f"it is of {min(strangers)!r}, which is no contender of this run")


def _contenders(record: Round) -> set[str]:
    measured = (part.contender for part in record.slices)
    warmed_up = (part.contender for part in record.warm_ups)
    return {*record.order, *measured, *warmed_up}


def _damage(bad: Sequence[_Bad], missing: int, *, moved: bool) -> Iterator[str]:
    """Yield a clause on each damage."""
    for line in bad[:NAMED]:
        yield f"{line} was left out"
    if len(bad) > NAMED:
        more = len(bad) - NAMED
        yield f"{count(more, 'more line')} {'was' if more == 1 else 'were'} left out"
    if missing > 0:
        yield f"{count(missing, 'line')} {'is' if missing == 1 else 'are'} missing"
    if moved:
        yield "lines that were out of order are read in the order in which they were written"
