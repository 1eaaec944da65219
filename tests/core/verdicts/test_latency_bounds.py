"""A latency bound that is given after the run, and the smallest bound that a point is shown to keep."""

from __future__ import annotations

import pytest

from infer_compare.errors import UsageError
from infer_compare.verdicts import summarise, with_latency_bound

CURVES = {
    "onnx": {1: 1.1, 8: 1.8, 32: 4.2, 64: 7.4},
    "torch": {1: 3.8, 8: 9.4, 32: 28.6, 64: 54.2},
}


@pytest.mark.parametrize("percentile", [90.0, 95.0])
def test_a_bound_given_afterwards_is_answered_as_if_it_had_been_asked_for(synthetic, percentile: float) -> None:
    """The calls are the same, so the answer is."""
    asked = synthetic(CURVES, plan={"latency_bound_ns": 5_000_000, "percentile": percentile}).build()
    afterwards = with_latency_bound(synthetic(CURVES).build(), 5_000_000, percentile)
    assert summarise(asked).answers == summarise(afterwards).answers
    assert summarise(afterwards).answer.bound is not None


def test_a_run_over_a_data_set_has_no_answer_for_a_latency_bound(synthetic) -> None:
    """It has timed no single call."""
    with pytest.raises(UsageError, match=r"single calls.*--scope dataset"):
        with_latency_bound(synthetic(CURVES, plan={"scope": "dataset"}).build(), 5_000_000)
