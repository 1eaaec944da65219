"""Batches cut from the rows of a run, in the order of axes in which a model takes them."""

from __future__ import annotations

import numpy as np
import pytest

from infer_compare.interfaces import OperatingPoint, TensorSpec
from infer_compare.models.input_rows import write_pool
from infer_compare.models.inputs import resolve_inputs
from infer_compare.worker.child.buffers import Pool


@pytest.fixture
def written(tmp_path):
    """The files of three inputs: rows, rows that a model takes as its second axis, and one that all batches share."""
    specs = [
        TensorSpec("x", "bfloat16", ("batch", 3)),
        TensorSpec("frames", "float32", (4, "batch", 2)),
        TensorSpec("rate", "int64", ()),
    ]
    plans = resolve_inputs(specs, ["rate=randint(7,8)"], {})
    return [str(path) for path in write_pool(plans, 6, 0, tmp_path)]


def test_a_batch_has_its_axis_where_the_model_has_it(written) -> None:
    """Row i is the same whatever the batch size, and what is shared is there once."""
    pool = Pool(written, ((), (1, 0, 2), ()), (False, False, True), ("bfloat16", "float32", "int64"))
    assert pool.rows == 6
    x, frames, rate = pool.batch(OperatingPoint(5), 1)
    assert (x.dtype.name, x.shape, frames.shape, frames.flags.c_contiguous) == ("bfloat16", (5, 3), (4, 5, 2), True)
    assert (rate.shape, int(rate)) == ((), 7)
    (_, single, again) = pool.batch(OperatingPoint(1), 3)
    assert np.array_equal(single[:, 0], frames[:, 2])
    assert int(again) == 7
    assert pool.batch(OperatingPoint(9), repeat=True)[1].shape == (4, 9, 2)


def test_without_a_word_rows_come_first_and_none_are_shared(written) -> None:
    """As the files have them."""
    assert [one.shape for one in Pool(written[:2]).batch(OperatingPoint(2))] == [(2, 3), (2, 4, 2)]
