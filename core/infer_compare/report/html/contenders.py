"""The contenders of a page, each with its place in the palette."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.report.sentences.exclusions import excluded_sentence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infer_compare.report.schema import ReportDocument


class Contender(msgspec.Struct, frozen=True, kw_only=True):
    """A contender on a page."""

    place: int
    """Index among all labels of the page, from 0."""
    label: str
    name: str
    excluded: str
    """Why it is not ranked in at least one run; empty if it is ranked in all."""
    backend: str
    """Contenders of one backend share a hue."""


def contenders_of(documents: Iterable[ReportDocument]) -> dict[str, Contender]:
    """Return the contenders of all runs by label, in the order of first appearance."""
    contenders: dict[str, Contender] = {}
    for document in documents:
        why = {exclusion.contender: excluded_sentence(exclusion) for exclusion in document.excluded}
        for contender in document.contenders:
            known = contenders.get(contender.label)
            excluded = why.get(contender.label, "") or (known.excluded if known else "")
            place = known.place if known else len(contenders)
            contenders[contender.label] = Contender(
                place=place, label=contender.label, name=contender.name, excluded=excluded, backend=contender.backend
            )
    return contenders
