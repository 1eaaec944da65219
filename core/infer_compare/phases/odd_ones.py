"""Detection of a contender that agrees within the tolerance, but is much further from the others than these from each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.models.odd_one_out import odd_one_out
from infer_compare.phases.candidates import batch_outputs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infer_compare.phases.candidates import Candidate
    from infer_compare.results import Run


def odd_ones(run: Run, candidates: Mapping[str, Candidate]) -> list[str]:
    """Return a sentence on a contender that agrees but is an outlier, at the smallest batch above 1; empty without one.

    Args:
        run: so far, with its agreements.
        candidates: the contenders by label.
    """
    point = min((agreement.point for agreement in run.agreements if agreement.point.batch > 1), default=None)
    if point is None:
        return []
    agreeing = [
        agreement.contender
        for agreement in run.agreements
        if agreement.point == point and agreement.verdict == "agrees" and agreement.contender in candidates
    ]
    precisions = {label: (start.effective if (start := run.start(label)) else {}) for label in agreeing}
    fine = [label for label in agreeing if precisions[label].get("precision", "float32") == "float32"]
    outputs = {label: arrays for label in fine if (arrays := batch_outputs(candidates[label].outputs, point))}
    odd = odd_one_out(outputs)
    if odd is None:
        return []
    text = (
        f"{odd.label} agrees within the tolerance at {point}, but its outputs are {odd.distance:.1g} of the "
        f"largest value away from those of the others, which are {odd.others:.1g} apart"
    )
    return [text]
