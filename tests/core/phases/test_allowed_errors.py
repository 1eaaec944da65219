"""A contender whose outputs differ beyond the tolerance is measured and ranked only where errors are allowed."""

from __future__ import annotations

import pytest

from infer_compare.report import document
from infer_compare.results import Measured
from infer_compare.verdicts.summary import summarise

from .conftest import contender  # type: ignore[import-not-found]


@pytest.mark.parametrize("allowed", [False, True])
def test_a_contender_with_a_large_output_error_is_ranked_only_if_errors_are_allowed(sweep, allowed):
    """And then the report says so beside the answer."""
    run = sweep(contender("a"), contender("b", outputs="coarse", precision="bfloat16"), allow_error=allowed)
    assert all(isinstance(point.outcome, Measured) for point in run.points)
    assert {point.contender for point in run.points if point.slices} == ({"a", "b"} if allowed else {"a"})
    assert [exclusion.contender for exclusion in summarise(run).excluded] == ([] if allowed else ["b"])
    report = document(run)
    said = [text for text in report.cautions if text.startswith("outputs of b differ beyond the tolerance")]
    assert len(said) == allowed
    assert bool(report.shortcomings) is not allowed
