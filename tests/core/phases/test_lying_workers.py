"""A worker that writes broken outputs, or says what cannot be, costs its own contender only."""

from __future__ import annotations

import numpy as np
import pytest

from infer_compare import api
from infer_compare.interfaces import OperatingPoint
from infer_compare.phases.outputs import BrokenOutput, Outputs
from infer_compare.results import Failed, Measured, Memory
from infer_compare.worker.protocol import Explore, Explored

from .conftest import asked, contender, fake  # type: ignore[import-not-found]

CAUSES = {
    "torn": "it did not write output 0 for batch 2 as a whole array: it is incomplete",
    "empty": "it did not write output 0 for batch 2 as a whole array: it is empty",
    "pickled": "it did not write output 0 for batch 2 as a whole array: it is incomplete or not a .npy file",
    "promising": "it did not write output 0 for batch 2 as a whole array: it is incomplete",
    "pipe": "it did not write output 0 for batch 2 as a whole array: it is a named pipe, not a file",
    "gone": "it did not write output 0 for batch 2 as a whole array: it is missing",
}
FAST = {"fixed_us": 100, "per_sample_us": 5}


@pytest.mark.parametrize("how", CAUSES)
def test_an_output_that_is_no_whole_array_is_broken(tmp_path, monkeypatch, how) -> None:
    """What became of its file is named."""
    monkeypatch.setattr(np, "save", np.save)
    fake.spoil(how)
    request = Explore(point=OperatingPoint(2), outputs=str(tmp_path), rows=(0, 1))
    file = request.output_path(0)
    np.save(file, np.zeros((2, 4), np.float32))
    said = Explored(prepare_ns=1, first_call_ns=1, latency_ns=1, memory=Memory(), written=(file,))
    with pytest.raises(BrokenOutput) as broken:
        Outputs(tmp_path).accept(request, said)
    assert str(broken.value) == CAUSES[how]


def test_broken_outputs_cost_the_contender_that_wrote_them(installed) -> None:
    """It would have been the one that the other is compared with; the sound one is compared and whole."""
    run = api.check(asked(contender("torn", spoil="torn"), contender("sound"), batch_sizes=(2,)), plugins=installed)
    outcomes = {one.contender: one.outcome for one in run.points}
    assert outcomes["torn"] == Failed(error="BrokenOutput", reason=CAUSES["torn"], phase="explore")
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
