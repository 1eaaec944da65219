"""Devices that work on their own: what is timed, and what it is used for."""

from __future__ import annotations

import pytest

from infer_compare.timing import SliceLimits
from infer_compare.verdicts.summary import summarise

from .conftest import contender  # type: ignore[import-not-found]


def accelerated(label: str, **options: object) -> str:
    """A fake contender on its pretended accelerator."""
    return f"{contender(label, **options)}@accelerator"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """One sweep of two contenders: the device of one is held back by its host."""
    from infer_compare import api
    from infer_compare.plugins import Plugins
    from infer_compare.request.options import RunOptions

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("infer_compare.phases.restart_workers.rejection", lambda *_args, **_kwargs: None)
        request = RunOptions(
            model="mlp",
            contenders=(
                accelerated("device", fixed_us=2000, per_sample_us=0, host_us=100),
                accelerated("host", fixed_us=500, per_sample_us=0, host_us=2000),
            ),
            batch_sizes=(1,),
            mode="quick",
            threads=1,
            restarts=1,
            rounds=1,
        )
        return api.sweep(request, tmp_path_factory.mktemp("runs") / "run", plugins=Plugins.discover(block=["*"]))


def test_each_turn_times_a_call_a_pipeline_and_the_enqueuing(run):
    """In that order, so that the clock of the device is up for all."""
    (one,) = run.rounds
    turns = [tuple(piece.series for piece in one.slices if piece.position == position) for position in range(4)]
    assert turns == [("latency", "pipelined", "enqueue")] * 4


def test_latency_waits_for_the_device_and_throughput_overlaps_it_with_the_host(run):
    """A call takes 2 ms at the least; batches follow each other as fast as the slower of host and device lets them."""
    figures = {one.contender: one for one in summarise(run).figures}
    device, host = figures["device"], figures["host"]
    assert device.latency_min_ns >= 2_000_000
    assert host.latency_min_ns >= 2_000_000
    assert device.pipelined
    assert device.enqueue_ns is not None
    assert 100_000 <= device.enqueue_ns < 1_000_000


def test_a_contender_whose_host_sets_the_pace_is_called_launch_bound(run):
    """Its enqueuing takes as long as a batch."""
    figures = {one.contender: one for one in summarise(run).figures}
    assert figures["host"].launch_bound
    assert not figures["device"].launch_bound
    assert any(note.topic == "launch_bound" and "host" in note.text for note in summarise(run).notes)


def test_slices_on_accelerators_last_a_second_after_half_a_second_of_the_same_load(run):
    """Their clocks rise and fall with the load."""
    for piece in run.rounds[0].slices:
        if piece.series != "enqueue":
            assert piece.total_ns >= 0.8e9
            assert piece.discarded >= 100
    assert SliceLimits().slice_ns < 1e9


def test_on_the_host_only_calls_are_timed(sweep):
    """There is nothing to overlap."""
    run = sweep(contender("a"))
    assert {piece.series for one in run.rounds for piece in one.slices} == {"latency"}
    assert all(one.enqueue_ns is None and not one.pipelined for one in summarise(run).figures)


def sustained_sweep(folder, **options):
    """A thorough sweep whose long run is short."""
    from infer_compare import api
    from infer_compare.plugins import Plugins
    from infer_compare.request.options import RunOptions

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("infer_compare.phases.restart_workers.rejection", lambda *_args, **_kwargs: None)
        patch.setattr("infer_compare.phases.ranking.SUSTAINED_S", 2.0)
        request = RunOptions(
            model="mlp",
            contenders=(accelerated("hot", fixed_us=4000, per_sample_us=0, **options), contender("host")),
            batch_sizes=(1,),
            mode="thorough",
            threads=1,
            restarts=1,
            rounds=1,
        )
        return api.sweep(request, folder, plugins=Plugins.discover(block=["*"]))


@pytest.mark.slow
def test_a_device_whose_pace_changes_as_it_works_is_told_by_its_long_run(tmp_path):
    """With `--thorough` the recommended size runs on; a difference above the margin replaces the figure."""
    run = sustained_sweep(tmp_path / "run", drift_per_s=0.15)
    (long_run,) = [one for one in run.rounds if one.phase == "sustain"]
    found = next(one for one in summarise(run).figures if one.contender == "hot")

    assert long_run.order == ("hot",)
    assert sum(long_run.slices[0].durations_ns) >= 1_800_000_000
    assert found.sustained is not None
    assert found.short is not None
    assert found.throughput == found.sustained
    assert abs(found.sustained / found.short - 1) > 0.03
    assert any(note.topic == "sustained" and "hot" in note.text for note in summarise(run).notes)


@pytest.mark.slow
def test_a_device_that_keeps_its_pace_keeps_its_figure(tmp_path):
    """The long run says the same as the short slices."""
    run = sustained_sweep(tmp_path / "run")
    found = next(one for one in summarise(run).figures if one.contender == "hot")

    assert found.sustained == pytest.approx(found.throughput, rel=0.03)
    assert found.short is None
