"""A run is a fold over its records: points and their outcomes come from nowhere else."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asked import header
from infer_compare.interfaces import OperatingPoint
from infer_compare.results import (
    Agreement,
    AnyRecord,
    Closing,
    Death,
    Diagnostics,
    Died,
    Failed,
    Measured,
    Note,
    OutOfMemory,
    Probe,
    Round,
    Run,
    Skipped,
    Slice,
    Start,
    Unusable,
    WarmUp,
)

ONE, TWO, FOUR = map(OperatingPoint, (1, 2, 4))
RAN = Measured(prepare_ns=1, first_call_ns=2, latency_ns=3)
FULL = OutOfMemory(reason="full", evidence="raised", phase="explore")
DEAD = Died(exit_code=-11, signal="SIGSEGV", phase="measure")


def probe(label: str, point: OperatingPoint, outcome: Measured | OutOfMemory, *, limit: bool = False) -> Probe:
    """What exploring saw, or the search for the limit."""
    return Probe(phase="limit" if limit else "explore", contender=label, point=point, outcome=outcome)


def piece(label: str, position: int = 0, *, rejected: str | None = None) -> Slice:
    """A slice of three stamps."""
    return Slice(contender=label, position=position, started_ns=position, durations_ns=(10, 20, 30), rejected=rejected)


def round_of(point: OperatingPoint, *slices: Slice, index: int = 0) -> Round:
    """A round with a warm-up of its first contender."""
    warm_up = WarmUp(
        contender=slices[0].contender, point=point, prepare_ns=0, first_call_ns=0, calls=1, total_ns=1, latency_ns=1,
        steady=True,
    )  # fmt: skip
    return Round(
        restart=1, index=index, point=point, order=tuple(one.contender for one in slices), slices=slices,
        clean=all(one.rejected is None for one in slices), warm_ups=(warm_up,),
    )  # fmt: skip


def death(label: str, point: OperatingPoint | None) -> Death:
    """A worker that was lost while measuring."""
    return Death(contender=label, restart=1, phase="measure", point=point, outcome=DEAD)


def outcomes(*records: AnyRecord) -> dict[tuple[str, int], object]:
    """The outcome of every point of a run."""
    return {(point.contender, point.point.batch): point.outcome for point in Run.fold(records).points}


def test_records_go_where_they_belong_in_their_order() -> None:
    """None is lost, and none is changed."""
    records: list[AnyRecord] = [
        header("a"),
        Start(
            contender="a", restart=0, pid=1, framework_version="1", provenance="native", device="cpu", effective={},
            spawn_ns=1, import_ns=1, load_ns=1, to_device_ns=1,
        ),
        probe("a", ONE, RAN),
        Agreement(contender="a", reference="reference", point=ONE, verdict="agrees", rtol=1e-4),
        round_of(ONE, piece("a")),
        death("a", ONE),
        Unusable(contender="b", outcome=Skipped(reason="not here")),
        Note(topic="noise", text="loud"),
        Closing(state="complete", elapsed_s=1.0),
    ]  # fmt: skip
    run = Run.fold(records)
    kinds = (run.starts, run.probes, run.agreements, run.rounds, run.deaths, run.unusable, run.notes)
    assert [run.header, *(one for kind in kinds for one in kind), run.closing] == records


def test_a_run_extended_by_records_is_the_run_of_all_of_them() -> None:
    """Wherever they are cut in two."""
    records: list[AnyRecord] = [
        header("a", batch_sizes=(1, 2)), probe("a", ONE, RAN), Closing(state="interrupted", elapsed_s=1.0),
        round_of(ONE, piece("a")), death("a", ONE), Note(topic="noise", text="loud"),
        Closing(state="complete", elapsed_s=2.0),
    ]  # fmt: skip
    for length in range(1, len(records) + 1):
        assert Run.fold(records[:length]).extended(records[length:]) == Run.fold(records)


def test_any_prefix_of_a_run_makes_a_run() -> None:
    """As long as its header is there; without a closing it was interrupted."""
    ran, ended = probe("a", ONE, RAN), probe("a", TWO, FULL)
    records: list[AnyRecord] = [header("a", batch_sizes=(1, 2)), ran, round_of(ONE, piece("a")), ended]
    for length in range(1, len(records) + 1):
        run = Run.fold(records[:length])
        assert run.closing is None
        assert [point.point for point in run.points] == [ONE, TWO]
    with pytest.raises(ValueError, match="begins with a header"):
        Run.fold(records[1:])
    with pytest.raises(ValueError, match="begins with a header"):
        Run.fold([])


def test_sizes_that_were_asked_for_and_not_reached_are_skipped() -> None:
    """With `auto` nothing was asked for."""
    found = outcomes(header("a", "b", batch_sizes=(1, 2)), probe("a", ONE, RAN))
    assert found["a", 1] == RAN
    assert found["a", 2] == found["b", 1] == found["b", 2] == Skipped(reason="not reached")
    assert outcomes(header("a", "b"), probe("a", ONE, RAN)) == {("a", 1): RAN}


def test_the_last_try_of_a_size_counts() -> None:
    """A fresh worker may have been asked again."""
    assert outcomes(header("a"), probe("a", ONE, FULL), probe("a", ONE, RAN)) == {("a", 1): RAN}


def test_the_search_for_the_limit_makes_no_points() -> None:
    """Its sizes are not part of the curve."""
    assert outcomes(header("a"), probe("a", ONE, RAN), probe("a", FOUR, FULL, limit=True)) == {("a", 1): RAN}


def test_a_death_while_measuring_overrides_what_exploring_saw() -> None:
    """At its own operating point only; one between points changes none."""
    records = (header("a", "b"), probe("a", ONE, RAN), probe("a", TWO, RAN), probe("b", ONE, RAN))
    assert outcomes(*records, death("a", ONE)) == {("a", 1): DEAD, ("a", 2): RAN, ("b", 1): RAN}
    assert outcomes(*records, death("a", None)) == outcomes(*records)


def test_a_death_after_slices_were_recorded_takes_nothing_back() -> None:
    """What was measured before was measured."""
    found = outcomes(header("a"), probe("a", ONE, RAN), round_of(ONE, piece("a")), death("a", ONE))
    assert found == {("a", 1): RAN}


def test_points_carry_their_own_slices_and_warm_ups_in_order() -> None:
    """Of all rounds at that operating point, refused ones too."""
    refused = piece("a", 2, rejected="busy")
    run = Run.fold([
        header("a", "b"), probe("a", ONE, RAN), probe("b", ONE, RAN), probe("a", TWO, RAN),
        round_of(ONE, piece("a", 0), piece("b", 1)), round_of(TWO, piece("a", 5)), round_of(ONE, refused, index=1),
    ])  # fmt: skip
    first, second, other = run.points
    assert (first.slices, first.clean_slices) == ((piece("a", 0), refused), (piece("a", 0),))
    assert [len(point.warm_ups) for point in (first, second, other)] == [2, 1, 0]
    assert (second.slices, other.slices) == ((piece("a", 5),), (piece("b", 1),))
    assert all(point.measured for point in run.points)


def test_a_point_without_a_clean_slice_was_not_measured() -> None:
    """Nor one that did not run."""
    refused = round_of(ONE, piece("a", rejected="busy"))
    run = Run.fold([header("a"), probe("a", ONE, RAN), probe("a", TWO, FULL), refused])
    assert [point.measured for point in run.points] == [False, False]


def test_points_are_sorted_by_contender_as_asked_for_and_then_by_size() -> None:
    """Whatever the order in which they were tried."""
    tries = [probe(label, point, RAN) for point in (FOUR, ONE, TWO) for label in "abz"]
    found = [(point.contender, point.point.batch) for point in Run.fold([header("z", "b", "a"), *tries]).points]
    assert found == [(label, size) for label in "zba" for size in (1, 2, 4)]


def test_operating_points_with_other_axes_are_points_of_their_own() -> None:
    """A batch of 1 at 128 tokens is not one at 512."""
    short, long = (OperatingPoint(1, (("seq", size),)) for size in (128, 512))
    run = Run.fold([header("a"), probe("a", long, FULL), probe("a", short, RAN)])
    assert [(str(point.point), point.outcome) for point in run.points] == [
        ("batch 1, seq 128", RAN),
        ("batch 1, seq 512", FULL),
    ]


def test_the_last_comparison_of_outputs_counts_and_any_difference_is_found() -> None:
    """One batch size that differs is enough not to be ranked."""
    agrees = Agreement(contender="a", reference="b", point=ONE, verdict="agrees", rtol=1e-4)
    differs = Agreement(contender="a", reference="b", point=TWO, verdict="differs", rtol=1e-4)
    again = msgspec.structs.replace(agrees, reason="again")
    run = Run.fold([header("a", "b"), probe("a", ONE, RAN), agrees, differs, again])
    assert run.agreement("a", ONE) == run.points[0].agreement == again
    assert run.agreement("b", ONE) is None
    assert run.differs("a") == differs
    assert run.differs("b") is None


def test_contenders_are_found_by_their_labels() -> None:
    """In the order in which they were asked for; a start that never came is none."""
    run = Run.fold([header("b", "a")])
    assert run.labels == ("b", "a")
    assert run.contender("a").label == "a"
    assert run.start("a") is None


def test_an_outcome_that_failed_keeps_its_words() -> None:
    """The fold interprets nothing."""
    failed = Failed(error="ValueError", reason="no", phase="explore")
    record = Probe(phase="explore", contender="a", point=ONE, outcome=failed)
    assert outcomes(header("a"), record) == {("a", 1): failed}


@settings(deadline=None)
@given(durations=st.lists(st.integers(1, 10**9), min_size=1, max_size=20).map(tuple), per_stamp=st.integers(1, 1000))
def test_the_figures_of_a_slice_follow_from_its_stamps(durations: tuple[int, ...], per_stamp: int) -> None:
    """A stamp covers as many calls as it says."""
    one = msgspec.structs.replace(piece("a"), durations_ns=durations, calls_per_stamp=per_stamp)
    assert one.calls == len(durations) * per_stamp
    assert one.total_ns == sum(durations)
    assert min(durations) <= one.mean_ns * per_stamp * (1 + 1e-12)
    assert one.mean_ns * per_stamp <= max(durations) * (1 + 1e-12)


NANOSECONDS = st.integers(0, 10**12)


@settings(deadline=None)
@given(own=NANOSECONDS, delay=st.none() | NANOSECONDS, foreign=st.none() | NANOSECONDS)
def test_the_share_of_waiting_is_a_share_or_is_not_known(own: int, delay: int | None, foreign: int | None) -> None:
    """Only waiting that others can have caused counts."""
    diagnostics = Diagnostics(
        wall_ns=1, own_cpu_ns=own, system_ns=0, run_delay_ns=delay, foreign_ns=foreign, steal_share=None,
        minor_faults=0, major_faults=0, active_threads=None, cores=2,
    )  # fmt: skip
    share = diagnostics.wait_share
    assert (share is None) == (delay is None or foreign is None)
    if share is not None and foreign is not None:
        assert 0 <= share <= 1
        assert share == 0 or share * (own + (delay or 0)) <= foreign * (1 + 1e-12)
