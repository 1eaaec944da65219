"""What holds under every fault, with real frameworks in real processes: nothing is lost, nothing is left, all is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import cases  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from fault_injection.ordeal import Ordeal

pytestmark = pytest.mark.slow

every = cases(lambda fault: True)


@every
def test_the_fault_happens_and_the_exit_code_is_the_documented_one(ordeal: Ordeal) -> None:
    """A fault that did not happen would prove nothing."""
    assert ordeal.injected, ordeal.text
    assert ordeal.exit_code == ordeal.fault.exit_code, ordeal.text


@every
def test_every_finished_record_can_be_read(ordeal: Ordeal) -> None:
    """Whatever the run took for stored is there afterwards."""
    assert ordeal.run is not None, ordeal.text
    assert ordeal.stored
    assert ordeal.lost == 0


@every
def test_no_process_outlives_the_run(ordeal: Ordeal) -> None:
    """Not a worker, and nothing that a worker started."""
    assert ordeal.orphans == 0


# A second Ctrl-C waits for nothing, also not for files to be removed.
@cases(lambda fault: fault.act != "interrupt twice")
def test_no_file_of_the_work_in_progress_is_left(ordeal: Ordeal) -> None:
    """The run file is all that there is."""
    assert not ordeal.scratch_left


@every
def test_sentences_say_what_happened(ordeal: Ordeal) -> None:
    """To a person, who never sees a traceback of ours."""
    assert ordeal.fault.said
    assert [one for one in ordeal.fault.said if one not in ordeal.text] == [], ordeal.text
    assert "Traceback" not in ordeal.text
    assert "defect of infer-compare" not in ordeal.text


@cases(lambda fault: "complete" in fault.states)
def test_the_other_contender_gets_all_its_figures(ordeal: Ordeal) -> None:
    """A fault costs the points of its own contender."""
    assert ordeal.survived, ordeal.text
