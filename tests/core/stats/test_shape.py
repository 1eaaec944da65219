"""The shape of a latency curve."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infer_compare.report.sentences.shapes import shape_words
from infer_compare.stats.shape import fit_shape

SIZES = [1, 2, 4, 8, 16, 32, 64, 128]


def line(fixed_ms: float, each_ms: float, sizes: list[int]) -> list[float]:
    """Latencies in nanoseconds on an exact line."""
    return [1e6 * (fixed_ms + each_ms * size) for size in sizes]


@settings(deadline=None, max_examples=40)
@given(fixed=st.floats(0.01, 100), each=st.floats(0.001, 10), seed=st.integers(0, 1000))
def test_a_noisy_line_is_found_again(fixed: float, each: float, seed: int) -> None:
    """One per cent of noise leaves both costs within a few per cent, where they weigh enough to be seen."""
    noise = np.exp(np.random.default_rng(seed).normal(0, 0.01, len(SIZES)))
    found = fit_shape(SIZES, list(np.array(line(fixed, each, SIZES)) * noise))
    assert found is not None
    assert (found.lowest, found.highest) == (1, 128)
    predicted = [found.fixed_ns + found.per_sample_ns * size for size in SIZES]
    assert predicted == pytest.approx(line(fixed, each, SIZES), rel=0.08)


def test_one_wild_size_does_not_bend_the_line() -> None:
    """A size that hits a slow kernel costs three times as much; the rest is told as if it were not there."""
    latencies = line(0.31, 0.12, SIZES)
    latencies[4] *= 3
    found = fit_shape(SIZES, latencies)
    assert found is not None
    assert found.fixed_ns == pytest.approx(310_000)
    assert found.per_sample_ns == pytest.approx(120_000)
    assert found.half_batch == pytest.approx(0.31 / 0.12)
    assert found.plateau == pytest.approx(1e9 / 120_000)


def test_the_line_is_told_only_where_it_holds() -> None:
    """Beyond 16 the batch no longer fits a cache and every sample costs twice as much."""
    latencies = [size_ns * (1 if size <= 16 else 2) for size, size_ns in zip(SIZES, line(1, 0.1, SIZES), strict=True)]
    found = fit_shape(SIZES, latencies)
    assert found is not None
    assert (found.lowest, found.highest) == (1, 16)
    assert found.per_sample_ns == pytest.approx(100_000)
    assert found.falls_beyond == 16


def test_the_sentence_tells_costs_knee_and_fall() -> None:
    """In the words of the report."""
    sizes = [*SIZES[:-1], 96, 128]
    latencies = line(0.31, 0.12, sizes)
    latencies[-1] *= 1.2
    found = fit_shape(sizes, latencies)
    assert found is not None
    assert shape_words(found) == (
        "fixed cost 0.31 ms, 0.12 ms a sample; reaches half of its peak at batch 3; drops after batch 96"
    )


def test_a_knee_beyond_the_sizes_tried_is_called_so() -> None:
    """With a fixed cost that dwarfs the rest, half of the plateau is extrapolation."""
    found = fit_shape([1, 2, 4, 8], line(10, 0.1, [1, 2, 4, 8]))
    assert found is not None
    assert found.falls_beyond is None
    assert shape_words(found).endswith("reaches half of its peak at batch 100, beyond the sizes that fit this line")


def test_a_latency_in_proportion_to_the_batch_has_no_fixed_cost() -> None:
    """Superlinear beginnings do not make it negative either."""
    for power in (1.0, 1.02):
        found = fit_shape(SIZES, [1e6 * size**power for size in SIZES])
        assert found is not None
        assert found.fixed_ns == 0
        assert shape_words(found).startswith("no fixed cost, 1.")


@pytest.mark.parametrize(
    ("sizes", "latencies"), [([], []), ([1], [1.0]), ([1, 2], [1.0, 2.0]), ([1, 2, 4], [1.0, 9.0, 2.0])]
)
def test_fewer_than_three_sizes_on_a_line_have_no_shape(sizes: list[int], latencies: list[float]) -> None:
    """Two points always lie on a line, which tells nothing."""
    assert fit_shape(sizes, latencies) is None


def test_the_order_of_sizes_does_not_matter() -> None:
    """Sizes come in any order."""
    latencies = line(0.5, 0.2, SIZES)
    assert fit_shape(SIZES[::-1], latencies[::-1]) == fit_shape(SIZES, latencies)


@pytest.mark.parametrize(("sizes", "latencies"), [([1, 1], [1.0, 2.0]), ([1, 2], [1.0]), ([1, 2], [1.0, 0.0])])
def test_points_that_are_none_are_refused(sizes: list[int], latencies: list[float]) -> None:
    """Repeated sizes, lengths that differ, latencies of nothing."""
    with pytest.raises(ValueError, match="different batch sizes"):
        fit_shape(sizes, latencies)
