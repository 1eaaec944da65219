"""What a graph's tables show of the indices that it takes."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper

from infer_compare.models.index_ranges import index_ranges

IDS = ("ids", TensorProto.INT32, ["N", 4])
OTHER = ("other", TensorProto.INT64, ["N", 4])


def table(rows: int, columns: int = 2) -> np.ndarray:
    """A constant with so many rows."""
    return np.zeros((rows, columns), np.float32)


def test_indices_are_drawn_from_the_smallest_table_that_they_pick_rows_of(model) -> None:
    """Through casts and reshapes, and along any axis."""
    nodes = [
        helper.make_node("Cast", ["ids"], ["cast"], to=TensorProto.INT64),
        helper.make_node("Identity", ["cast"], ["same"]),
        helper.make_node("Gather", ["words", "same"], ["a"]),
        helper.make_node("Gather", ["types", "cast"], ["b"], axis=1),
        helper.make_node("Gather", ["types", "other"], ["c"], axis=-2),
    ]
    made = model(nodes, inputs=[IDS, OTHER], constants={"words": table(99), "types": table(3, 7)})
    assert index_ranges(made) == {"ids": 7, "other": 3}


def test_what_is_computed_from_an_input_or_looked_up_in_another_says_nothing(model) -> None:
    """Nor does an axis that the table does not have."""
    nodes = [
        helper.make_node("Add", ["ids", "ids"], ["sum"]),
        helper.make_node("Gather", ["words", "sum"], ["a"]),
        helper.make_node("Gather", ["other", "ids"], ["b"]),
        helper.make_node("Gather", ["words", "other"], ["c"], axis=5),
    ]
    assert index_ranges(model(nodes, inputs=[IDS, OTHER], constants={"words": table(9)})) == {}
