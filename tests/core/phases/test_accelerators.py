"""Devices that work on their own: what is timed, and what it is used for."""

from __future__ import annotations

import pytest

from infer_compare.report import document
from infer_compare.timing import SliceLimits
from infer_compare.verdicts.summary import summarise

from .conftest import contender  # type: ignore[import-not-found]


def accelerated(label: str, **options: object) -> str:
    """A fake contender on its pretended accelerator."""
    return f"{contender(label, **options)}@accelerator"


@pytest.fixture
def run(sweep):
    """One sweep of two contenders: the device of one is held back by its host."""
    return sweep(
        accelerated("device", fixed_us=2000, per_sample_us=0, host_us=100),
        accelerated("host", fixed_us=500, per_sample_us=0, host_us=2000),
        batch_sizes=(1,),
    )


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
    assert any(note.topic == "launch_bound" and "host" in note.text for note in document(run).notes)


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


@pytest.fixture
def long_run(sweep):
    """A thorough sweep, whose last phase runs a minute."""

    def run(**options):
        hot = accelerated("hot", fixed_us=4000, per_sample_us=0, **options)
        return sweep(hot, contender("host"), batch_sizes=(1,), mode="thorough")

    return run


def test_a_device_whose_pace_changes_as_it_works_is_told_by_its_long_run(long_run):
    """With `--thorough` the recommended size runs on; a difference above the margin replaces the figure."""
    run = long_run(drift_per_s=0.01)
    (sustained,) = [one for one in run.rounds if one.phase == "sustain"]
    found = next(one for one in summarise(run).figures if one.contender == "hot")

    assert sustained.order == ("hot",)
    assert sum(sustained.slices[0].durations_ns) >= 50_000_000_000
    assert found.sustained is not None
    assert found.short is not None
    assert found.throughput == found.sustained
    assert abs(found.sustained / found.short - 1) > 0.03
    assert any(note.topic == "sustained" and "hot" in note.text for note in document(run).notes)


def test_a_device_that_keeps_its_pace_keeps_its_figure(long_run):
    """The long run says the same as the short slices."""
    run = long_run()
    found = next(one for one in summarise(run).figures if one.contender == "hot")

    assert found.sustained == pytest.approx(found.throughput, rel=0.03)
    assert found.short is None
