"""The contenders of a page: every label once, with its place in the palette."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.report.sentences.exclusions import excluded_sentence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infer_compare.report.schema import ReportDocument


class Contender(msgspec.Struct, frozen=True, kw_only=True):
    """A contender as the page shows it."""

    place: int
    """Among all labels of the page, from 0."""
    label: str
    name: str
    excluded: str
    """Why it is not ranked in one run at least; empty where it is ranked in all."""
    backend: str
    """Contenders of one backend share a hue."""


def contenders_of(documents: Iterable[ReportDocument]) -> dict[str, Contender]:
    """The contenders of all runs by label, in the order in which they first appear."""
    found: dict[str, Contender] = {}
    for document in documents:
        why = {one.contender: excluded_sentence(one) for one in document.excluded}
        for one in document.contenders:
            known = found.get(one.label)
            excluded = why.get(one.label, "") or (known.excluded if known else "")
            place = known.place if known else len(found)
            found[one.label] = Contender(
                place=place, label=one.label, name=one.name, excluded=excluded, backend=one.backend
            )
    return found
