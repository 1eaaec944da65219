"""What holds under some of the faults only."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from fault_injection.matrix import LATE_STEPS, POINT_STEPS
from fault_injection.result import outcomes
from infer_compare.interfaces import OperatingPoint
from infer_compare.report import document
from infer_compare.results import Died, Failed, Measured, OutOfMemory

from .conftest import named  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from fault_injection.result import FaultResult
    from infer_compare.results import Point

pytestmark = pytest.mark.slow


def points(result: FaultResult, label: str) -> dict[int, Point]:
    """The points of a contender by batch size."""
    return {point.point.batch: point for point in result.run.points if point.contender == label}


@named("oom-raised", "oom-cap", "oom-crash")
def test_out_of_memory_is_told_with_the_evidence_for_it(result: FaultResult) -> None:
    """And smaller batches are measured all the same."""
    for target in result.fault.targets:
        seen = {one.evidence for one in outcomes(result.run, target.label) if isinstance(one, OutOfMemory)}
        assert seen
        assert seen <= target.evidence
        assert points(result, target.label)[1].measured


@named("killed")
def test_a_worker_that_was_killed_is_replaced_by_a_fresh_one(result: FaultResult) -> None:
    """The other batch sizes are measured in it."""
    (death,) = result.run.deaths
    assert isinstance(death.outcome, Died)
    assert death.outcome.signal == "SIGKILL"
    assert (death.contender, death.restart) == (result.framework, 1)
    in_restart = [one.pid for one in result.run.starts if one.contender == result.framework and one.restart == 1]
    assert len(set(in_restart)) == 2
    assert any(point.measured for point in points(result, result.framework).values())


@named("segfault", "messages")
def test_a_crash_or_a_lie_costs_one_batch_size(result: FaultResult) -> None:
    """The one before it is measured."""
    for target in result.fault.targets:
        own = points(result, target.label)
        assert own[1].measured
        assert not isinstance(own[2].outcome, Measured)


@named("chatter")
def test_what_a_framework_chatters_reaches_neither_the_terminal_nor_the_figures(result: FaultResult) -> None:
    """All of its points are measured."""
    assert "rubbish" not in result.text
    assert all(point.measured for point in points(result, "chatty").values())


@named("outputs")
def test_outputs_that_differ_are_not_ranked(result: FaultResult) -> None:
    """Nothing is timed for them, and the other contender is recommended."""
    assert {piece.contender for one in result.run.rounds for piece in one.slices} == {result.other}
    made = document(result.run)
    assert {one.contender for one in made.excluded} == {"nan", "unstable"}
    assert {
        one.contender for one in made.curves if any(point.measured for point in points(result, one.contender).values())
    } == {result.other}


@named("raises-late")
def test_each_method_that_raises_costs_the_batch_size_at_which_it_does(result: FaultResult) -> None:
    """The sizes between them are measured."""
    own = points(result, "raising")
    for place, step in enumerate((*POINT_STEPS, *LATE_STEPS), 1):
        failed = own[2 * place].outcome
        assert isinstance(failed, Failed), step
        assert failed.reason == f"{step} fails on demand"
        assert failed.phase == ("warm_up" if step in LATE_STEPS else "explore")
        assert own[2 * place - 1].measured


@named("parent-killed")
def test_a_resumed_run_keeps_every_byte_and_repeats_no_probe(result: FaultResult) -> None:
    """What was whole when the program was killed begins the file of the completed run."""
    whole = result.kept[: result.kept.rfind(b"\n") + 1]
    assert b'"type":"round"' in whole
    assert result.stored.startswith(whole)
    assert len(result.stored) > len(whole)
    probes = Counter((one.contender, one.point) for one in result.run.probes)
    assert probes == {(label, OperatingPoint(size)): 1 for label in result.run.labels for size in (1, 2)}
    assert all(point.measured for point in result.run.points)
    assert len({one.index for one in result.run.rounds}) == len(result.run.rounds)


@named("interrupt-start", "interrupt-explore", "interrupt-measure", "interrupt-twice")
def test_the_interrupt_came_in_the_phase_that_it_was_meant_for(result: FaultResult) -> None:
    """What had been made by then is kept."""
    run = result.run
    reached = "measure" if run.rounds else "explore" if run.probes else "start"
    meant = result.fault.name.removeprefix("interrupt-")
    assert reached == ("measure" if meant == "twice" else meant)


@named("disk-full", "folder-removed")
def test_the_rounds_before_the_end_of_the_disk_or_of_the_folder_are_whole(result: FaultResult) -> None:
    """They had been acknowledged."""
    assert result.run.rounds
    assert all(one.slices for one in result.run.rounds)
