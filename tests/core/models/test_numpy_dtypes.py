"""Dtypes by the names that a `TensorSpec` has."""

from __future__ import annotations

import pytest

from infer_compare.backends import OperatingPoint, TensorSpec, numpy_dtype, zeros_at


@pytest.mark.parametrize("name", ["float32", "int64", "bool", "bfloat16", "float8_e4m3fn", "int4"])
def test_a_dtype_has_the_name_that_it_was_asked_for_by(name):
    """Those of `ml_dtypes` too."""
    assert numpy_dtype(name).name == name


def test_a_name_of_no_dtype_is_refused():
    """As numpy does it."""
    with pytest.raises(TypeError, match="float33"):
        numpy_dtype("float33")


def test_a_batch_of_zeros_has_the_dtypes_and_shapes_of_a_point():
    """Of `ml_dtypes` too; there is none where an axis stays free."""
    inputs = [TensorSpec("x", "bfloat16", ("batch", "seq", 2)), TensorSpec("ids", "int64", ("batch",))]
    batch = zeros_at(inputs, OperatingPoint(3, (("seq", 5),)))
    assert batch is not None
    assert [(array.dtype.name, array.shape) for array in batch] == [("bfloat16", (3, 5, 2)), ("int64", (3,))]
    assert zeros_at(inputs, OperatingPoint(3)) is None
