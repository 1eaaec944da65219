"""What is tried where the inputs have other axes than the batch, for any axes and any memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from infer_compare.interfaces import OperatingPoint
from infer_compare.planner import Explorations
from infer_compare.planner.order import ascending
from infer_compare.planner.points import by_setting, every_point, volume
from infer_compare.request.axes import settings_of, weights_of
from infer_compare.results import Failed, Measured, OutOfMemory

if TYPE_CHECKING:
    from infer_compare.results import AnyOutcome

OUT = OutOfMemory(reason="cap", evidence="cap", phase="explore")
BROKEN = Failed(error="ValueError", reason="odd", phase="explore")

SIZES = st.lists(st.integers(1, 64), min_size=1, max_size=3, unique=True).map(sorted)
AXES = st.dictionaries(st.sampled_from(["height", "seq", "width"]), SIZES, max_size=2).map(
    lambda axes: [f"{name}={','.join(map(str, sizes))}" for name, sizes in sorted(axes.items())]
)
BATCHES = st.lists(st.integers(1, 32), min_size=1, max_size=4, unique=True).map(sorted)


def asked(axes: list[str], batches: list[int]) -> list[OperatingPoint]:
    """Every batch size at every setting."""
    return [OperatingPoint(batch, setting) for setting in settings_of(axes) for batch in batches]


def explored(exploring: Explorations, outcome_at: dict[OperatingPoint, AnyOutcome]) -> list[OperatingPoint]:
    """The points that are tried, in order."""
    tried = []
    while (point := exploring.next()) is not None:
        tried.append(point)
        assert len(tried) <= len(outcome_at), "no point is tried twice"
        exploring.feed(point, outcome_at[point])
    return tried


def ran(point: OperatingPoint) -> Measured:
    """As long a call as the point is large."""
    return Measured(prepare_ns=0, first_call_ns=1, latency_ns=1000 * volume(point))


@settings(max_examples=50)
@given(axes=AXES, batches=BATCHES, memory=st.integers(0, 70_000))
def test_what_memory_has_no_room_for_is_tried_once_where_nothing_shorter_failed(
    axes: list[str], batches: list[int], memory: int
) -> None:
    """All that fits is tried. What does not is tried only where no point failed that is no larger in any axis."""
    points = asked(axes, batches)
    fits = {point: volume(point) <= memory for point in points}
    exploring = Explorations(settings_of(axes), points)
    tried = explored(exploring, {point: ran(point) if fits[point] else OUT for point in points})

    assert exploring.runnable == tuple(sorted(point for point in points if fits[point]))
    failed = [point for point in tried if not fits[point]]
    for point in failed:
        earlier = failed[: failed.index(point)]
        assert not any(
            before.batch <= point.batch
            and all(own <= size for (_, own), (_, size) in zip(before.axes, point.axes, strict=True))
            for before in earlier
        )
    assert {point for point, _ in exploring.skipped} == set(points) - set(tried)


@settings(max_examples=50)
@given(axes=AXES, batches=BATCHES, data=st.data())
def test_every_point_that_was_asked_for_is_tried_or_left_out_with_a_reason(
    axes: list[str], batches: list[int], data: st.DataObject
) -> None:
    """Whatever happens."""
    points = asked(axes, batches)
    outcomes = {point: data.draw(st.sampled_from([ran(point), OUT, BROKEN])) for point in points}
    exploring = Explorations(settings_of(axes), points)
    tried = explored(exploring, outcomes)

    left_out = {point: skipped.reason for point, skipped in exploring.skipped}
    assert sorted([*tried, *left_out]) == sorted(points)
    assert all(reason.startswith("not tried, since ") for reason in left_out.values())
    assert exploring.runnable == tuple(sorted(point for point in tried if isinstance(outcomes[point], Measured)))


@settings(max_examples=50)
@given(axes=AXES, batches=BATCHES, known=st.integers(0, 12), memory=st.integers(0, 70_000))
def test_a_run_that_is_resumed_tries_what_was_left(
    axes: list[str], batches: list[int], known: int, memory: int
) -> None:
    """The same points in the same order, wherever it was cut off."""
    points = asked(axes, batches)
    outcomes: dict[OperatingPoint, AnyOutcome] = {
        point: ran(point) if volume(point) <= memory else OUT for point in points
    }
    whole = explored(Explorations(settings_of(axes), points), outcomes)

    resumed = Explorations(settings_of(axes), points)
    for stored in whole[:known]:
        assert resumed.next() == stored
        resumed.feed(stored, outcomes[stored])
    assert explored(resumed, outcomes) == whole[known:]


@settings(max_examples=50)
@given(axes=AXES, batches=BATCHES)
def test_points_are_parted_by_setting_and_run_from_the_smallest_on(axes: list[str], batches: list[int]) -> None:
    """None is lost, and none comes twice."""
    points = asked(axes, batches)
    parts = by_setting(points)
    assert [part[0].axes for part in parts] == sorted(settings_of(axes))
    assert sorted(point for part in parts for point in part) == sorted(points)
    order = ascending({"a": points, "b": points[:1]})
    assert sorted(order) == list(every_point({"a": points}))
    assert [volume(point) for point in order] == sorted(map(volume, order))


@settings(max_examples=50)
@given(axes=AXES.filter(bool), data=st.data())
def test_shares_of_a_mix_are_those_of_the_settings(axes: list[str], data: st.DataObject) -> None:
    """They add up to one, whatever sizes have a share."""
    mixes = []
    for text in axes:
        name, _, sizes = text.partition("=")
        chosen = data.draw(st.lists(st.sampled_from(sizes.split(",")), min_size=1, unique=True))
        parts = [data.draw(st.integers(1, 9)) for _ in chosen]
        shares = [f"{size}:{part / sum(parts):.6f}" for size, part in zip(chosen, parts, strict=True)]
        mixes.append(f"{name}={','.join(shares)}")
    weights = weights_of(mixes, axes)
    assert set(weights) <= set(settings_of(axes))
    assert abs(sum(weights.values()) - 1) < 1e-9
