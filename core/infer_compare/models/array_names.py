"""The file names of the arrays of a run: input rows, and outputs of an operating point."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infer_compare.interfaces import OperatingPoint


def array_name(index: int, point: OperatingPoint | None = None, *, first_row: int = 0, again: bool = False) -> str:
    """Return the name of the file that holds an array.

    Args:
        index: the index of the input or output.
        point: the operating point of an output; None for an input, whose rows serve several points.
        first_row: the row of the inputs at which the batch begins.
        again: whether it is the output of the second of two identical calls.
    """
    if point is None:
        return f"input{index}.npy"
    sizes = "x".join(str(size) for size in (point.batch, *(size for _, size in point.axes)))
    return f"{sizes}-{first_row}-{index}{'-again' if again else ''}.npy"
