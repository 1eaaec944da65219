"""Figures of a point."""

from __future__ import annotations

import msgspec
import pytest

from infer_compare.results import Measured, OperatingPoint, OutOfMemory, PhaseTimes, Point, Slice, WarmUp
from infer_compare.verdicts.figures import figures
from infer_compare.verdicts.flags import flags_of
from infer_compare.verdicts.measurements import Candidate, Measurements
from infer_compare.verdicts.reading import read

MEASURED = Measured(prepare_ns=7, first_call_ns=9_000_000, latency_ns=1_000_000)


def piece(*durations: int, start: int = 0, **fields) -> Slice:
    """A slice with those durations."""
    return Slice(contender="onnx", position=0, started_ns=start, durations_ns=durations, **fields)


def point(*slices: Slice, batch: int = 4, **fields) -> Point:
    """A measured point of those slices."""
    found = Point(contender="onnx", point=OperatingPoint(batch), outcome=MEASURED, slices=slices)
    return msgspec.structs.replace(found, **fields)


def test_latency_and_throughput_are_those_of_the_accepted_slices() -> None:
    """Percentiles pool the calls, throughput is the middle slice's samples over its time; a refused slice is counted."""
    found = figures(
        point(
            piece(*range(1_000_000, 1_010_000, 1000)),
            piece(*[2_000_000] * 10),
            piece(*[4_000_000] * 10),
            piece(9, rejected="steal"),
        )
    )
    assert found is not None
    assert (found.calls, found.stamps, found.slices, found.rejected) == (30, 30, 3, 0.25)
    assert found.latency_p50_ns == 2_000_000
    assert found.latency_p90_ns == found.latency_p95_ns == found.latency_max_ns == 4_000_000
    assert found.latency_min_ns == 1_000_000
    assert found.latency_p99_ns is None
    assert found.throughput == pytest.approx(4 * 10 / 0.020)


def test_p99_is_told_from_473_calls_on() -> None:
    """Fewer cannot show it."""
    fewer, enough = (figures(point(piece(*range(1, count + 1)))) for count in (472, 473))
    assert fewer is not None
    assert enough is not None
    assert fewer.latency_p99_ns is None
    assert enough.latency_p99_ns == 469


def test_stamps_of_several_calls_are_means_of_blocks() -> None:
    """Latency is per call, and the number of calls a stamp covers is told."""
    found = figures(point(piece(*[100_000] * 10, calls_per_stamp=20), batch=2))
    assert found is not None
    assert found.latency_p50_ns == 5000
    assert (found.calls, found.stamps, found.calls_per_stamp) == (200, 10, 20)
    assert found.throughput == pytest.approx(2 * 1e9 / 5000)


@pytest.mark.parametrize(
    "missing",
    [
        point(),
        point(piece(5, rejected="major fault")),
        point(piece()),
        point(piece(0, 0)),
        point(piece(5), outcome=OutOfMemory(reason="", evidence="raised", phase="measure")),
    ],
    ids=["no slice", "all refused", "empty", "no time", "not measured"],
)
def test_a_point_without_accepted_calls_has_no_figures(missing: Point) -> None:
    """None, and no division by zero."""
    assert figures(missing) is None


def test_the_first_call_is_that_of_fresh_workers() -> None:
    """The middle of the warm-ups; before any, what exploring saw."""
    explored = figures(point(piece(5, 6)))
    assert explored is not None
    assert (explored.first_call_ns, explored.prepare_ns, explored.not_steady) == (9_000_000, 7, False)
    warm_ups = tuple(
        WarmUp(
            contender="onnx", point=OperatingPoint(4), prepare_ns=prepare, first_call_ns=1000 * prepare, calls=5,
            total_ns=10**8, latency_ns=10**6, steady=prepare != 3,
        )
        for prepare in (1, 2, 3)
    )  # fmt: skip
    measured = figures(point(piece(5, 6), warm_ups=warm_ups))
    assert measured is not None
    assert (measured.first_call_ns, measured.prepare_ns, measured.not_steady) == (2000, 2, True)


def test_a_single_slice_has_no_spread() -> None:
    """And no drift either."""
    found = figures(point(piece(5, 6, 7)))
    assert found is not None
    assert (found.spread, found.spread_basis, found.drift, flags_of(found)) == (None, None, None, ())


def test_the_spread_is_that_of_slices_or_the_wider_one_of_restarts(synthetic) -> None:
    """Where workers differ more than rounds do, restart means tell the truth."""
    run = synthetic({"onnx": {1: 1.0}}, tau=0.05, sigma=0.002).build()
    index = Measurements(run.rounds, run.header.budget_of)
    with_restarts = figures(run.points[0], index.readings(Candidate("onnx", OperatingPoint(1))))
    without = figures(run.points[0])
    assert with_restarts is not None
    assert without is not None
    assert without.spread_basis == "slices"
    assert with_restarts.spread_basis == "restarts"
    assert with_restarts.spread is not None
    assert without.spread is not None
    assert with_restarts.spread > 2 * without.spread


def test_page_faults_are_flagged_where_the_kernel_takes_its_share(noted) -> None:
    """More than a tenth of the processor time in the kernel, and faults in every call."""
    cases = {(13_000_000, 50): True, (11_000_000, 50): False, (30_000_000, 0): False}
    for (system, faults), flagged in cases.items():
        one = noted(system_ns=system, minor_faults=faults * 10)
        found = figures(point(piece(*[1000] * 8, discarded=2, diagnostics=one)))
        assert found is not None
        assert found.minor_faults_per_call == faults
        assert found.page_fault_bound is flagged


def test_threads_beyond_the_cores_are_oversubscribed(noted) -> None:
    """Counted from the threads that used processor time; where they are not known, nothing is said."""
    for threads, flagged in ((2, False), (4, True), (None, False)):
        found = figures(point(piece(5, 6, diagnostics=noted(active_threads=threads))))
        assert found is not None
        assert (found.active_threads, found.oversubscribed) == (threads, flagged)
    bare = figures(point(piece(5, 6)))
    assert bare is not None
    assert (bare.minor_faults_per_call, bare.active_threads, bare.page_fault_bound) == (None, None, False)


def test_drift_modes_and_outliers_are_told() -> None:
    """A rise of a tenth, two levels, and one wild call."""
    rising = figures(
        point(*(piece(*[int(1e6 * (1 + 0.1 * step / 9))] * 8, start=10**15 + step * 10**8) for step in range(10)))
    )
    assert rising is not None
    assert rising.drift == pytest.approx(0.10, abs=0.01)
    assert "drift" in flags_of(rising)
    levels = figures(point(*(piece(*[level] * 8, start=5) for level in [185_000] * 7 + [310_000] * 3)))
    assert levels is not None
    assert levels.bimodal
    assert levels.modes_ns == (185_000, 310_000)
    assert levels.drift is None
    wild = figures(point(piece(*range(1000, 1020), 9000)))
    assert wild is not None
    assert (wild.outliers_mild, wild.outliers_severe, wild.bimodal) == (0, 1, False)


def test_the_parts_of_an_end_to_end_iteration_are_medians() -> None:
    """Over all accepted slices that recorded them."""
    parts = PhaseTimes(stage_ns=(1, 2, 3), run_ns=(10, 20, 30), fetch_ns=(5, 5, 8))
    found = figures(point(piece(16, 27, 41, phases=parts), piece(20, 20)))
    assert found is not None
    assert found.phases is not None
    assert (found.phases.stage_ns, found.phases.run_ns, found.phases.fetch_ns) == (2, 20, 5)


def test_a_slice_is_represented_by_its_median_or_its_mean() -> None:
    """The median from four stamps on, below the mean."""
    short, long = read(piece(10, 10, 40)), read(piece(10, 10, 10, 40))
    assert short is not None
    assert long is not None
    assert short.location == 20
    assert long.location == 10
