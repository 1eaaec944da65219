"""The phases of a run, with scripted backends."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from infer_compare import api, hookimpl
from infer_compare.errors import NoUsableBackend, StoreError, UsageError
from infer_compare.interfaces import OperatingPoint
from infer_compare.plugins import Origin, Plugins
from infer_compare.results import (
    Died,
    Failed,
    LimitReached,
    Measured,
    OutOfMemory,
    Skipped,
    TimedOut,
)
from infer_compare.verdicts import Verdict
from infer_compare.verdicts.summary import summarise

from .conftest import contender  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from pathlib import Path


def test_a_complete_run_has_every_record_and_reads_back_equal(sweep, tmp_path):
    """Header, starts, probes, agreement, rounds and closing are stored as they were made."""
    run = sweep(contender("a"), contender("b", fixed_us=500))
    assert run.closing is not None
    assert run.closing.state == "complete"
    assert {start.contender for start in run.starts} == {"a", "b"}
    assert all(start.environment.interpreter == sys.executable for start in run.starts)
    assert {one.verdict for one in run.agreements} == {"agrees"}
    assert all(isinstance(point.outcome, Measured) and point.slices for point in run.points)
    assert api.load_run(tmp_path / "run") == run


def test_the_planted_difference_is_found_in_the_right_direction(sweep):
    """A contender that spins more than twice as long is never called the faster one."""
    run = sweep(
        contender("slow", fixed_us=900, per_sample_us=0),
        contender("quick", fixed_us=300, per_sample_us=0),
        restarts=2,
        rounds=2,
        batch_sizes=(1,),
    )
    verdicts = {pair.verdict for pair in summarise(run).pairs}
    assert verdicts <= {Verdict.SLOWER, Verdict.INCONCLUSIVE}
    recommended = summarise(run).answer.recommended
    assert recommended is None or recommended.contender == "quick"


def test_every_round_is_a_palindrome_of_its_contenders(sweep):
    """ABBA or BAAB: a steady drift cancels."""
    run = sweep(contender("a"), contender("b"))
    for one in run.rounds:
        assert one.order == tuple(reversed(one.order))
        assert tuple(piece.contender for piece in one.slices) == one.order


def test_the_order_of_the_rounds_is_decided_by_the_seed(sweep):
    """Two runs of one seed begin alike."""
    orders = []
    for folder in ("first", "second"):
        run = sweep(contender("a"), contender("b"), folder=folder, batch_sizes=(1, 2, 4), seed=5)
        orders.append([(one.point, one.order) for one in run.rounds if one.restart == 1 and one.repetition == 0])
    assert orders[0] == orders[1]


def test_an_out_of_memory_ends_the_curve_and_the_run_goes_on(sweep):
    """The larger sizes are skipped with the reason; the other contender is measured everywhere."""
    run = sweep(contender("small", oom_above=2), contender("large"), batch_sizes=(1, 2, 4, 8))
    outcomes = {(point.contender, point.point.batch): point.outcome for point in run.points}
    assert isinstance(outcomes["small", 2], Measured)
    assert isinstance(outcomes["small", 4], OutOfMemory)
    assert isinstance(outcomes["small", 8], Skipped)
    assert "batch 4 ran out of memory" in outcomes["small", 8].reason
    assert all(isinstance(outcomes["large", size], Measured) for size in (1, 2, 4, 8))


def test_a_limit_of_the_framework_is_not_called_out_of_memory(sweep):
    """A 32-bit index that overflows has nothing to do with memory."""
    run = sweep(contender("a", limit_above=1), batch_sizes=(1, 2, 4))
    assert isinstance(next(p.outcome for p in run.points if p.point.batch == 2), LimitReached)


def test_an_ambiguous_error_is_tried_again_in_a_fresh_worker_and_stays_a_failure(sweep):
    """What may be memory or a defect is not called out of memory without evidence."""
    run = sweep(contender("a", ambiguous_above=1), batch_sizes=(1, 2))
    outcome = next(p.outcome for p in run.points if p.point.batch == 2)
    assert isinstance(outcome, Failed)
    assert "could not create a primitive" in outcome.reason


@pytest.mark.parametrize("signal", ["SIGSEGV", "SIGABRT", "SIGKILL"])
def test_a_worker_that_dies_costs_its_own_point_and_is_named_by_its_signal(sweep, signal):
    """The next size is tried in a fresh worker, and the other contender is complete."""
    check_a_death(sweep, signal)


def test_a_process_that_is_killed_costs_its_own_point(real_sweep):
    """As without processes."""
    check_a_death(real_sweep, "SIGKILL")


def check_a_death(sweep, signal: str) -> None:
    """Runs a contender that dies at batch 2 beside one that does not."""
    run = sweep(contender("mortal", die_in="run", die_by=signal, at_batch=2), contender("sound"), batch_sizes=(1, 2, 4))
    outcomes = {(point.contender, point.point.batch): point.outcome for point in run.points}
    died = outcomes["mortal", 2]
    assert isinstance(died, Died)
    assert died.signal == signal
    assert isinstance(outcomes["mortal", 4], Measured)
    assert all(isinstance(outcomes["sound", size], Measured) for size in (1, 2, 4))


def test_a_worker_that_hangs_is_ended_at_its_deadline(sweep):
    """The point is timed out, larger sizes are not tried, and the run goes on."""
    run = sweep(contender("stuck", hang_in="run", at_batch=2), contender("b"), batch_sizes=(1, 2, 4), timeout=2.0)
    outcomes = {(point.contender, point.point.batch): point.outcome for point in run.points}
    assert isinstance(outcomes["stuck", 2], TimedOut)
    assert isinstance(outcomes["stuck", 4], Skipped)
    assert isinstance(outcomes["b", 4], Measured)


def test_a_contender_that_fails_while_it_is_measured_loses_that_point_only(sweep):
    """Exploring went well, and the death is on record."""
    run = sweep(contender("late", die_in="run", after_calls=1500, at_batch=2, fixed_us=100), contender("b"))
    assert run.deaths
    assert {death.contender for death in run.deaths} == {"late"}
    assert all(point.measured for point in run.points if point.contender == "b")
    assert all(point.measured for point in run.points if point.contender == "late" and point.point.batch == 1)


@pytest.mark.parametrize("step", ["import", "devices", "load", "to_device"])
def test_a_backend_that_cannot_start_is_listed_with_the_reason(sweep, step):
    """The others are measured."""
    run = sweep(contender("broken", fail_in=step), contender("sound"))
    (unusable,) = run.unusable
    assert unusable.contender == "broken"
    assert f"{step} fails on demand" in unusable.outcome.reason
    assert all(point.measured for point in run.points if point.contender == "sound")


@pytest.mark.parametrize("step", ["prepare", "stage", "run", "synchronize", "fetch"])
def test_a_backend_that_raises_in_a_step_is_a_failed_point(sweep, step):
    """With the class of the error and what was being done."""
    run = sweep(contender("broken", fail_in=step), contender("sound"))
    outcomes = [point.outcome for point in run.points if point.contender == "broken"]
    assert all(isinstance(outcome, Failed) and outcome.phase == "explore" for outcome in outcomes)
    assert all(point.measured for point in run.points if point.contender == "sound")


@pytest.mark.parametrize(
    ("outputs", "reason"),
    [("wrong", "where"), ("nan", "NaN"), ("misshapen", "shape"), ("missing", "outputs instead")],
)
def test_a_contender_that_computes_something_else_is_not_ranked(sweep, outputs, reason):
    """By how much it differs is on record; it is never timed."""
    run = sweep(contender("right"), contender("off", outputs=outputs))
    differing = run.differs("off")
    assert differing is not None
    assert reason in differing.reason
    assert not any("off" in one.order for one in run.rounds)


def test_outputs_that_change_from_run_to_run_are_found(sweep):
    """Row i of a batch is not what row i gave alone."""
    run = sweep(contender("right"), contender("unstable", outputs="unstable"), batch_sizes=(1, 2, 4))
    assert run.differs("unstable") is not None


def test_rubbish_on_standard_output_disturbs_nothing(real_sweep):
    """Messages travel on pipes of their own."""
    run = real_sweep(contender("loud", chatter="true"), contender("quiet"))
    assert all(isinstance(point.outcome, Measured) for point in run.points)


def test_a_worker_that_breaks_the_protocol_costs_its_own_points(real_sweep):
    """It is ended, and the others are complete."""
    run = real_sweep(contender("liar", violate="garbage", at_batch=2), contender("honest"))
    outcomes = {(point.contender, point.point.batch): point.outcome for point in run.points}
    broken = outcomes["liar", 2]
    assert isinstance(broken, Failed)
    assert broken.error == "ProtocolViolation"
    assert all(isinstance(outcomes["honest", size], Measured) for size in (1, 2))


def test_auto_stops_after_the_plateau(sweep):
    """Throughput of the fake saturates, so the largest size is far from the cap."""
    run = sweep(contender("a", fixed_us=200, per_sample_us=50), batch_sizes=None)
    sizes = [point.point.batch for point in run.points]
    assert sizes[:3] == [1, 2, 4]
    assert 64 <= max(sizes) <= 512


def test_the_end_to_end_scope_records_the_parts_of_each_iteration(sweep):
    """Stage, run and fetch add up to the iteration."""
    run = sweep(contender("a"), scope="end_to_end", batch_sizes=(2,))
    for one in run.rounds:
        for piece in one.slices:
            assert piece.phases is not None
            parts = zip(piece.phases.stage_ns, piece.phases.run_ns, piece.phases.fetch_ns, strict=True)
            assert tuple(map(sum, parts)) == piece.durations_ns


def test_a_folder_that_holds_a_run_is_refused_and_left_alone(sweep, tmp_path):
    """Nothing stored is ever overwritten."""
    sweep(contender("a"), batch_sizes=(1,))
    before = (tmp_path / "run" / "run.jsonl").read_bytes()
    with pytest.raises(StoreError, match="already holds a run"):
        sweep(contender("a"), batch_sizes=(1,))
    assert (tmp_path / "run" / "run.jsonl").read_bytes() == before


def test_no_scratch_is_left_in_the_run_folder(sweep, tmp_path):
    """Inputs and outputs of the run are gone; the run file stays, and what was there before."""
    (tmp_path / "run" / ".scratch").mkdir(parents=True)
    sweep(contender("a"), batch_sizes=(1,))
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [".scratch", "run.jsonl"]


def test_a_request_that_cannot_be_resolved_leaves_no_folder(sweep, tmp_path):
    """A typo costs nothing."""
    with pytest.raises(UsageError):
        sweep(contender("a"), model="mlpp")
    assert not (tmp_path / "run").exists()


def test_without_any_usable_contender_there_is_no_run(sweep, tmp_path):
    """The sentence says why for each."""
    other = _other(tmp_path, "lite", "formats=('tflite',)")
    with pytest.raises(NoUsableBackend, match="onnx models"):
        sweep(f"{other}:Other")
    assert not (tmp_path / "run").exists()


def test_a_device_that_is_not_there_is_never_answered_by_another(sweep, tmp_path):
    """The contender is skipped with the backend's own sentence."""
    other = _other(tmp_path, "warped", "formats=('onnx',), device_kinds=('warp',)")
    run = sweep(contender("cpu"), f"{other}:Other", device="warp:7")
    (unusable,) = run.unusable
    assert isinstance(unusable.outcome, Skipped)
    assert "no device warp:7" in unusable.outcome.reason


def test_the_same_contender_twice_is_a_comparison_with_itself(sweep):
    """The second one gets a number."""
    unnamed = contender("a").partition(":label=")[0]
    run = sweep(unnamed, unnamed, batch_sizes=(1,))
    assert run.labels == ("fake", "fake#2")
    assert all(pair.verdict not in {Verdict.FASTER, Verdict.SLOWER} for pair in summarise(run).pairs)


def test_plugins_hear_of_the_run(sweep):
    """Started, each point, finished: in the parent and outside the clock."""
    heard: list[str] = []

    class Listener:
        @hookimpl
        def infer_compare_run_started(self, header):
            heard.append(f"started {header.model.name}")

        @hookimpl
        def infer_compare_point_finished(self, point):
            heard.append(f"point {point.point.batch}")

        @hookimpl
        def infer_compare_run_finished(self, run):
            heard.append(f"finished {run.closing.state}")

    plugins = Plugins.discover(block=["*", "torch", "tensorflow"])
    plugins.register(Listener(), Origin("listener", "test"))
    sweep(contender("a"), plugins=plugins)
    assert heard == ["started mlp", "point 1", "point 2", "finished complete"]


def _other(folder: Path, name: str, capabilities: str) -> Path:
    path = folder / "other.py"
    path.write_text(
        "from infer_compare.backends import Capabilities\n"
        "from fault_injection import FakeBackend\n"
        "class Other(FakeBackend):\n"
        f"    name = '{name}'\n"
        f"    capabilities = Capabilities({capabilities})\n",
        encoding="utf-8",
    )
    return path


def test_points_are_the_same_from_any_reader(sweep, tmp_path):
    """A stored run folds into the points that the sweep returned."""
    run = sweep(contender("a"), batch_sizes=(1,))
    assert api.load_run(tmp_path / "run").points == run.points
    assert run.points[0].point == OperatingPoint(1)
