"""A worker that writes broken outputs, or says what cannot be, costs its own contender only."""

from __future__ import annotations

import pytest

from infer_compare import api
from infer_compare.plugins import Plugins
from infer_compare.request.options import RunOptions
from infer_compare.results import Failed, Measured

from .conftest import contender  # type: ignore[import-not-found]

CAUSES = {
    "torn": "it did not write output 0 for batch 2 as a whole array: it is incomplete",
    "empty": "it did not write output 0 for batch 2 as a whole array: it is empty",
    "pickled": "it did not write output 0 for batch 2 as a whole array: it is incomplete or no .npy file",
    "promising": "it did not write output 0 for batch 2 as a whole array: it is incomplete",
    "pipe": "it did not write output 0 for batch 2 as a whole array: it is a named pipe, not a file",
    "gone": "it did not write output 0 for batch 2 as a whole array: it is missing",
}
FAST = {"fixed_us": 100, "per_sample_us": 5}


def test_broken_outputs_cost_the_contenders_that_wrote_them() -> None:
    """The first of them would have been the one that the others are compared with; the sound one is compared and whole."""
    run = api.check(
        RunOptions(
            model="mlp",
            contenders=(*(contender(how, spoil=how) for how in CAUSES), contender("sound")),
            batch_sizes=(2,),
            threads=1,
        ),
        plugins=Plugins.discover(block=["*", "torch", "tensorflow"]),
    )
    outcomes = {one.contender: one.outcome for one in run.points}
    for how, reason in CAUSES.items():
        assert outcomes[how] == Failed(error="BrokenOutput", reason=reason, phase="explore")
    assert isinstance(outcomes["sound"], Measured)
    assert [(one.contender, one.verdict) for one in run.agreements] == [("sound", "agrees")]
    assert run.closing is not None
    assert run.closing.state == "complete"


@pytest.mark.slow
def test_a_lie_about_a_slice_costs_the_contender_that_told_it(real_sweep) -> None:
    """Slices of no calls would make the run unreadable; they are not stored."""
    run = real_sweep(contender("liar", violate="lie", **FAST), contender("good", **FAST), batch_sizes=(2,))
    (bad, good) = run.points
    assert isinstance(bad.outcome, Failed)
    assert bad.outcome.error == "ProtocolViolation"
    assert "calls_per_stamp" in bad.outcome.reason
    assert good.measured
    assert run.closing.state == "complete"
