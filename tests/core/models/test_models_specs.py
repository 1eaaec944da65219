"""Which axis is the batch axis, and how precise a model is."""

from __future__ import annotations

from infer_compare.interfaces import TensorSpec
from infer_compare.models.specs import name_batch, precision_of


def spec(*shape, name="x", dtype="float32") -> TensorSpec:
    """A tensor of a shape."""
    return TensorSpec(name, dtype, shape)


def test_the_batch_axis_is_renamed_wherever_it_stands():
    """Also in outputs, and behind the first place."""
    inputs, outputs = name_batch([spec("N", 3)], [spec("N", 10), spec(4, "N")])
    assert inputs == (spec("batch", 3),)
    assert outputs == (spec("batch", 10), spec(4, "batch"))


def test_inputs_with_two_names_for_it_have_one_batch_axis():
    """Exporters give each input a symbol of its own."""
    inputs, _ = name_batch([spec("s72", 8), spec("s43", 8, name="mask")], [])
    assert {one.shape[0] for one in inputs} == {"batch"}


def test_other_free_axes_and_fixed_ones_stay():
    """A number of detections is no batch."""
    inputs, outputs = name_batch([spec("N", "seq"), spec(1, 4)], [spec("found", 4), spec("axis0", 2), spec()])
    assert inputs == (spec("batch", "seq"), spec(1, 4))
    assert outputs == (spec("found", 4), spec("batch", 2), spec())


def test_the_precision_is_that_of_the_widest_floating_tensor():
    """Integers say nothing of it."""
    assert precision_of([spec(dtype="float16"), spec(dtype="int64")]) == "float16"
    assert precision_of([spec(dtype="float16"), spec(dtype="float32")]) == "float32"
    assert precision_of([spec(dtype="float64"), spec()]) == "float64"
    assert precision_of([spec(dtype="int64")]) == "float32"
