"""The sections of a report, made from its document independently of the format.

A section is a function of a `View`; the lists below define the order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.sections.accuracy import accuracy, accuracy_charts
from infer_compare.report.sections.across import across
from infer_compare.report.sections.answer import answer
from infer_compare.report.sections.conditions import conditions, repeat, start_up
from infer_compare.report.sections.cost import cost
from infer_compare.report.sections.curves import curves
from infer_compare.report.sections.findings import (
    agreement,
    arithmetic,
    boundary,
    failures,
    notes,
    shape,
)
from infer_compare.report.sections.method import method
from infer_compare.report.sections.new_shapes import new_shape_costs, new_shapes
from infer_compare.report.sections.pairs import every_pair
from infer_compare.report.sections.parts import parts, passes
from infer_compare.report.sections.several import run_title, runs
from infer_compare.report.sections.tuning import dropped, pareto, ranking, winner
from infer_compare.report.sections.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.report.schema import ReportDocument
    from infer_compare.report.sections.blocks import Section

    Maker = Callable[[View], Section | None]

__all__ = ["View", "agreement", "answer", "curves", "failures", "paged", "printed", "printed_many", "runs", "tuned"]

PRINTED: tuple[Maker, ...] = (
    answer,
    across,
    winner,
    pareto,
    dropped,
    cost,
    curves,
    accuracy,
    every_pair,
    shape,
    arithmetic,
    parts,
    passes,
    boundary,
    failures,
    new_shapes,
    agreement,
    notes,
    method,
    conditions,
    new_shape_costs,
    repeat,
)
"""Sections in a terminal and in Markdown, from top to bottom."""
OF_A_SETTING: tuple[Maker, ...] = (answer, accuracy, accuracy_charts, curves, shape, boundary, every_pair)
"""Sections on the page for each setting of the axes other than the batch."""
OF_A_RUN: tuple[Maker, ...] = (
    winner,
    pareto,
    dropped,
    cost,
    passes,
    failures,
    new_shapes,
    notes,
    agreement,
    start_up,
    new_shape_costs,
    method,
    conditions,
    repeat,
)
"""Sections on the page below those of the settings."""


def printed(document: ReportDocument, *, verbose: bool = False) -> list[Section]:
    """Return the sections of a text or Markdown report.

    Args:
        document: the report of the run.
        verbose: show every batch size, more columns, and the verdict on every pair.
    """
    return _made(PRINTED, View(document=document, verbose=verbose))


def printed_many(documents: Sequence[ReportDocument], *, verbose: bool = False) -> list[Section]:
    """Return the sections of one run, or for several runs a table of the best of each, then the sections of each."""
    if len(documents) == 1:
        return printed(documents[0], verbose=verbose)
    sections = [runs(documents)]
    for number, document in enumerate(documents, 1):
        sections += [run_title(number, document), *printed(document, verbose=verbose)]
    return sections


def tuned(document: ReportDocument) -> list[Section]:
    """Return the sections about a search for the fastest configuration; none for other runs."""
    return [] if document.tuning is None else _made((ranking, winner, pareto, dropped), View(document=document))


def paged(document: ReportDocument, key: str) -> list[Section]:
    """Return the sections of the page; `key` is the prefix of their identifiers."""
    view = View(document=document, key=key, page=True)
    of_settings = (section for setting in view.settings for section in _made(OF_A_SETTING, setting))
    return [*_made((across,), view), *of_settings, *_made(OF_A_RUN, view)]


def _made(makers: Sequence[Maker], view: View) -> list[Section]:
    return [section for maker in makers if (section := maker(view)) is not None]
