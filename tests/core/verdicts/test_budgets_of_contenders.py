"""Each contender is held to its own thread budget, over all of its instances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from infer_compare.interfaces import OperatingPoint
from infer_compare.verdicts import summarise
from infer_compare.verdicts.measurements import Candidate, Measurements
from infer_compare.verdicts.obstacles import OverBudget

if TYPE_CHECKING:
    from infer_compare.results import Run

EIGHT = OperatingPoint(8)
CURVES = {"onnx": {8: 1.0}, "torch": {8: 2.0}}


def with_budgets(run: Run, **budgets: tuple[int, int]) -> Run:
    """The run with threads of one instance, and instances, by contender."""
    contenders = tuple(
        msgspec.structs.replace(spec, threads=budgets[spec.label][0], instances=budgets[spec.label][1])
        for spec in run.header.contenders
    )
    return msgspec.structs.replace(run, header=msgspec.structs.replace(run.header, contenders=contenders))


def test_the_allowance_for_contention_follows_the_threads_of_each_contender(synthetic, noted) -> None:
    """The mean over the slices of both of threads times the share of waiting."""
    run = synthetic(CURVES, diagnostics=noted(run_delay_ns=2_400_000, foreign_ns=2_400_000)).build()
    share = noted(run_delay_ns=2_400_000, foreign_ns=2_400_000).wait_share
    for budgets, threads in (
        ({"onnx": (2, 1), "torch": (2, 1)}, 2.0),
        ({"onnx": (1, 1), "torch": (2, 1)}, 1.5),
        ({"onnx": (1, 4), "torch": (2, 1)}, 3.0),
    ):
        own = with_budgets(run, **budgets)
        index = Measurements(own.rounds, own.header.budget_of)
        contrast = index.contrast(Candidate("onnx", EIGHT), Candidate("torch", EIGHT))
        assert contrast is not None
        assert contrast.allowance == pytest.approx(threads * share)


def test_a_contender_over_its_own_budget_is_told_that_budget(synthetic, noted) -> None:
    """Not that of the run, and not that of one instance."""
    run = synthetic(CURVES, diagnostics=noted(own_cpu_ns=300_000_000), plan={"budget_excess": 0.1}).build()
    free, own = (with_budgets(run, onnx=(1, instances), torch=(8, 1)) for instances in (8, 2))
    assert summarise(free).excluded == ()
    (exclusion,) = summarise(own).excluded
    assert exclusion.contender == "onnx"
    assert isinstance(exclusion.obstacle, OverBudget)
    assert exclusion.obstacle.threads == 2
