"""Sizes between the powers of two."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from infer_compare.interfaces import OperatingPoint
from infer_compare.planner import Exploration
from infer_compare.planner.refine import around_best, around_bound
from infer_compare.results import Measured, OutOfMemory

SIZES = (1, 2, 4, 8, 16, 32, 64)


def points(*sizes: int) -> tuple[OperatingPoint, ...]:
    """Operating points of batch sizes, at one size of another axis."""
    return tuple(OperatingPoint(size, (("seq", 128),)) for size in sizes)


LINEAR = {point: 1e6 + 1e5 * point.batch for point in points(*SIZES)}

curves = st.dictionaries(
    st.integers(1, 4096).map(lambda size: points(size)[0]), st.floats(1e3, 1e10), min_size=0, max_size=12
)


def at(rates: dict[int, float]) -> dict[OperatingPoint, float]:
    """The latencies of batch sizes with these rates."""
    return {point: point.batch / rate for point, rate in zip(points(*rates), rates.values(), strict=True)}


def measured(latency_ns: float) -> Measured:
    """What exploring stores for a size that ran."""
    return Measured(prepare_ns=0, first_call_ns=1, latency_ns=round(latency_ns))


def tried(exploration: Exploration, latency_ns=lambda size: 1e6 + 1e5 * size, *, oom_at: int = 1 << 30) -> list[int]:
    """Feeds an exploration to its end, and tells the sizes that it tried."""
    sizes = []
    while (point := exploration.next()) is not None:
        sizes.append(point.batch)
        fits = point.batch < oom_at
        outcome = (
            measured(latency_ns(point.batch))
            if fits
            else OutOfMemory(reason="", evidence="classified", phase="explore")
        )
        exploration.feed(point, outcome)
    return sizes


def test_the_sizes_beside_an_optimum_inside_the_curve_lie_half_way_to_its_neighbours():
    """The curve falls again beyond 8."""
    rates = {1: 1.0, 2: 1.6, 4: 2.4, 8: 3.0, 16: 2.2, 32: 2.0}
    assert around_best(at(rates)) == points(6, 12)


def test_the_optimum_is_the_smallest_size_that_is_nearly_as_fast_as_the_fastest():
    """Rough figures cannot tell sizes on a plateau apart."""
    rates = {1: 1.0, 2: 2.0, 4: 3.9, 8: 4.0, 16: 4.0}
    assert around_best(at(rates)) == points(3, 6)


def test_sizes_are_placed_just_below_the_crossing_of_a_bound():
    """The latency is 1 ms + 0.1 ms a sample, so 6 ms is crossed at 50."""
    assert around_bound(LINEAR, 6e6) == points(41, 47)


def test_a_bound_that_every_size_keeps_or_that_none_keeps_has_no_crossing():
    """There is nothing to look for between sizes then."""
    assert around_bound(LINEAR, 1e9) == ()
    assert around_bound(LINEAR, 1e3) == ()


@given(curves, st.floats(1e3, 1e10))
def test_refinements_are_new_sizes_inside_the_curve(latencies: dict[OperatingPoint, float], bound_ns: float):
    """Whatever the curve looks like; other axes stay as they are."""
    for point in (*around_best(latencies), *around_bound(latencies, bound_ns)):
        assert point not in latencies
        assert min(latencies) < point < max(latencies)
        assert point.axes == (("seq", 128),)


def test_auto_goes_on_past_the_plateau_while_batches_keep_the_latency_bound():
    """The largest size that keeps it is asked for too."""
    plateau = tried(Exploration(None))
    bounded = tried(Exploration(None, bound_ns=50_000_000))
    assert bounded[: len(plateau)] == plateau
    assert 1e6 + 1e5 * bounded[-1] > 50e6


def test_completing_a_curve_tries_only_sizes_that_were_not_tried():
    """And ends then."""
    exploration = Exploration(None)
    seen = tried(exploration)
    exploration.complete(map(OperatingPoint, [*seen, 3, 6]))
    assert tried(exploration) == [3, 6]


def test_completing_a_curve_that_memory_ended_stays_below_its_largest_size():
    """Sizes above are known not to fit."""
    exploration = Exploration(None)
    assert tried(exploration, oom_at=16) == [1, 2, 4, 8, 16]
    exploration.complete(map(OperatingPoint, [6, 12, 32]))
    assert tried(exploration, oom_at=16) == [6]
    assert exploration.runnable == tuple(OperatingPoint(size) for size in (1, 2, 4, 6, 8))
