"""Growth by the call, told from what is taken once."""

from __future__ import annotations

import msgspec
import pytest

from infer_compare.results.slices import Slice, SliceMemory
from infer_compare.verdicts.growth import growth_per_call

MIB = 2**20


def slices(*grown: int | None) -> list[Slice]:
    """Slices of 20 calls and 3 more, each of which made the worker larger by so many bytes."""
    return [
        Slice(
            contender="onnx",
            position=place,
            started_ns=place,
            durations_ns=(10**6,) * 20,
            discarded=3,
            memory=None if one is None else SliceMemory(before=100 * MIB, after=100 * MIB + one),
        )
        for place, one in enumerate(grown)
    ]


def test_what_grows_in_every_slice_grows_by_the_call():
    """Discarded calls count, and what the harness holds for its stamps does not."""
    assert growth_per_call(slices(MIB, MIB, MIB, MIB)) == pytest.approx((MIB - 20 * 128) / 23)


@pytest.mark.parametrize(
    "grown",
    [
        pytest.param((0, 0, 0, 0), id="nothing"),
        pytest.param((64 * MIB, 0, 0, 0), id="a cache that was filled once"),
        pytest.param((64 * MIB, -64 * MIB, 64 * MIB, -64 * MIB), id="what is given back"),
        pytest.param((4096,) * 8, id="pages of an allocator"),
        pytest.param((MIB, MIB, MIB), id="too few slices"),
        pytest.param((None,) * 8, id="a run of an older version"),
    ],
)
def test_what_an_allocator_does_is_no_growth(grown):
    """It takes memory once, or gives it back, or takes little."""
    assert growth_per_call(slices(*grown)) is None


def test_slices_without_calls_tell_no_growth():
    """There is no call that could have taken it."""
    empty = [msgspec.structs.replace(one, durations_ns=(), discarded=0) for one in slices(MIB, MIB, MIB, MIB)]
    assert growth_per_call(empty) is None
