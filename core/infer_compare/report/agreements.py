"""The agreement of outputs, one line a contender: the worst of what was compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.curves import needed_rtol
from infer_compare.report.schema import AgreementReport
from infer_compare.verdicts.output_errors import error_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.results import Agreement, AgreementVerdict, Run

_SEVERITY: dict[AgreementVerdict, int] = {"agrees": 0, "inconclusive": 1, "differs": 2}


def agreements(run: Run) -> tuple[AgreementReport, ...]:
    """The worst comparison of each contender that was compared, in the order of the contenders."""
    by_label = {label: [one for one in run.agreements if one.contender == label] for label in run.labels}
    return tuple(_worst(label, found) for label, found in by_label.items() if found)


def _worst(label: str, found: Sequence[Agreement]) -> AgreementReport:
    worst = max(found, key=lambda one: (_SEVERITY[one.verdict], needed_rtol(one) or 0.0))
    shares = [output.top1 for one in found for output in one.outputs if output.top1 is not None]
    rows = [one.row_consistent for one in found if one.row_consistent is not None]
    return AgreementReport(
        contender=label,
        reference=worst.reference,
        verdict=worst.verdict,
        reason=worst.reason,
        rtol=worst.rtol,
        output_error=error_of(worst),
        needed_rtol=needed_rtol(worst),
        point=worst.point,
        top1=min(shares, default=None),
        row_consistent=all(rows) if rows else None,
        points=len(found),
    )
