"""Dtypes by the names that a `TensorSpec` has."""

from __future__ import annotations

import pytest

from infer_compare.backends import numpy_dtype


@pytest.mark.parametrize("name", ["float32", "int64", "bool", "bfloat16", "float8_e4m3fn", "int4"])
def test_a_dtype_has_the_name_that_it_was_asked_for_by(name):
    """Those of `ml_dtypes` too."""
    assert numpy_dtype(name).name == name


def test_a_name_of_no_dtype_is_refused():
    """As numpy does it."""
    with pytest.raises(TypeError, match="float33"):
        numpy_dtype("float33")
