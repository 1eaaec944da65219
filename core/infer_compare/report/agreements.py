"""The agreement of outputs: the worst comparison of each contender."""

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
    """Return the worst comparison of each compared contender, in the order of the contenders."""
    by_label = {
        label: [agreement for agreement in run.agreements if agreement.contender == label] for label in run.labels
    }
    return tuple(_worst(label, compared) for label, compared in by_label.items() if compared)


def _worst(label: str, compared: Sequence[Agreement]) -> AgreementReport:
    worst = max(compared, key=lambda agreement: (_SEVERITY[agreement.verdict], needed_rtol(agreement) or 0.0))
    shares = [output.top1 for agreement in compared for output in agreement.outputs if output.top1 is not None]
    rows = [agreement.row_consistent for agreement in compared if agreement.row_consistent is not None]
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
        points=len(compared),
    )
