"""The what-if block, in which a reader of the page changes the latency bound and the price."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.answers import headline_of
from infer_compare.report.bound_steps import bound_steps
from infer_compare.report.sections.blocks import PAGE, WhatIf
from infer_compare.report.winner import winner_command
from infer_compare.report.words import plain

if TYPE_CHECKING:
    from infer_compare.report.schema import AnswerReport
    from infer_compare.report.sections.view import View


def what_if(view: View, report: AnswerReport) -> WhatIf:
    """Return the answers for all bounds, for a view of one setting."""
    costs = view.document.costs
    complete = view.document.state == "complete"
    headline, estimate = headline_of(report.answer, complete=complete)
    return WhatIf(
        id=f"{view.key}-what-if",
        answer=report,
        free_headline=plain(headline),
        free_standing="none" if report.answer.recommended is None else "estimate" if estimate else "shown",
        steps=bound_steps(report, view.document.pairs, complete=complete),
        price=costs.price if costs is not None else None,
        commands={best.contender: winner_command(view.document, best.contender) for best in report.answer.by_contender},
        charts=view.key,
        media=PAGE,
    )
