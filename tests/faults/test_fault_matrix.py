"""What holds under every fault, with real frameworks in real processes: nothing is lost, nothing is left, all is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import cases  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from fault_injection.result import FaultResult

pytestmark = pytest.mark.slow

every = cases(lambda fault: True)


@every
def test_the_fault_happens_and_the_exit_code_is_the_documented_one(result: FaultResult) -> None:
    """A fault that did not happen would prove nothing."""
    assert result.injected, result.text
    assert result.exit_code == result.fault.exit_code, result.text


@every
def test_every_finished_record_can_be_read(result: FaultResult) -> None:
    """Whatever the run took for stored is there afterwards."""
    assert result.run is not None, result.text
    assert result.stored
    assert result.lost == 0


@every
def test_no_process_outlives_the_run(result: FaultResult) -> None:
    """Not a worker, and nothing that a worker started."""
    assert result.orphans == 0


# A second Ctrl-C waits for nothing, also not for files to be removed.
@cases(lambda fault: fault.act != "interrupt twice")
def test_no_file_of_the_work_in_progress_is_left(result: FaultResult) -> None:
    """The run file is all that there is."""
    assert not result.scratch_left


@every
def test_sentences_say_what_happened(result: FaultResult) -> None:
    """To a person, who never sees a traceback of ours."""
    assert result.fault.said
    assert [one for one in result.fault.said if one not in result.text] == [], result.text
    assert "Traceback" not in result.text
    assert "bug in infer-compare" not in result.text


@cases(lambda fault: "complete" in fault.states)
def test_the_other_contender_gets_all_its_figures(result: FaultResult) -> None:
    """A fault costs the points of its own contender."""
    assert result.survived, result.text
