"""A contender that agrees, and is much further from all others than these are from each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.models.odd_one_out import odd_one_out
from infer_compare.phases.candidates import batch_outputs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infer_compare.phases.candidates import Candidate
    from infer_compare.results import Run


def odd_ones(run: Run, candidates: Mapping[str, Candidate]) -> list[str]:
    """Return a sentence on a contender that agrees, and is much further from the others than these from each other.

    Args:
        run: with the agreements.
        candidates: the contenders by label.
    """
    point = min((one.point for one in run.agreements if one.point.batch > 1), default=None)
    if point is None:
        return []
    agreeing = [
        one.contender
        for one in run.agreements
        if one.point == point and one.verdict == "agrees" and one.contender in candidates
    ]
    precisions = {label: (start.effective if (start := run.start(label)) else {}) for label in agreeing}
    fine = [label for label in agreeing if precisions[label].get("precision", "float32") == "float32"]
    outputs = {label: arrays for label in fine if (arrays := batch_outputs(candidates[label].outputs, point))}
    found = odd_one_out(outputs)
    if found is None:
        return []
    text = (
        f"{found.label} agrees within the tolerance at {point}, but its outputs are {found.distance:.1g} of the "
        f"largest value away from those of the others, which are {found.others:.1g} apart"
    )
    return [text]
