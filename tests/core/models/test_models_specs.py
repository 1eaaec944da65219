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


def test_an_axis_called_as_people_call_the_batch_is_it_wherever_it_stands():
    """Time-major inputs, and states of several layers."""
    inputs, outputs = name_batch([spec("seq", "N", 5), spec(2, "N", 8, name="h")], [spec("seq", "N", 6)])
    assert [one.shape for one in (*inputs, *outputs)] == [("seq", "batch", 5), (2, "batch", 8), ("seq", "batch", 6)]
    assert name_batch([spec("T", "batch_size", 5)], [])[0] == (spec("T", "batch", 5),)


def test_what_is_said_of_the_batch_axis_counts():
    """A name may mislead, and an input may have no batch."""
    inputs, outputs = name_batch([spec("a", "b", 5)], [spec("b", "a")], {"x": 0})
    assert (inputs[0].shape, outputs[0].shape) == (("batch", "b", 5), ("b", "batch"))
    inputs, _ = name_batch([spec("a", 5), spec("k", 4, name="rois")], [], {"rois": None})
    assert [one.shape for one in inputs] == [("batch", 5), ("k", 4)]
    # What was called batch before it was said.
    assert name_batch([spec("batch", "axis1", 5)], [], {"x": 1})[0] == (spec("axis0", "batch", 5),)


def test_the_only_free_axis_of_a_state_is_the_batch_of_the_others():
    """Without a name, and unless its name says something else."""
    inputs, _ = name_batch([spec("N", 16), spec(2, "axis1", 8, name="h"), spec(1, "seq_len", name="mask")], [])
    assert [one.shape for one in inputs] == [("batch", 16), (2, "batch", 8), (1, "seq_len")]


def test_the_precision_is_that_of_the_widest_floating_tensor():
    """Integers say nothing of it."""
    assert precision_of([spec(dtype="float16"), spec(dtype="int64")]) == "float16"
    assert precision_of([spec(dtype="float16"), spec(dtype="float32")]) == "float32"
    assert precision_of([spec(dtype="float64"), spec()]) == "float64"
    assert precision_of([spec(dtype="int64")]) == "float32"
