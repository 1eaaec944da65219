"""Whether a row of a batch comes out as the same row run alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from infer_compare.models.agreement import compare, sample_rows
from infer_compare.models.figures import QUANTIZED_OPERATORS
from infer_compare.models.precision import TOLERANCES
from infer_compare.phases.outputs import SINGLE_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Array = NDArray[Any]
    Rows = Literal["alike", "within", "beyond"]


class Exactness(NamedTuple):
    """How close outputs of one contender can be expected to be."""

    rtol: float
    precision: str
    quantized: Callable[[], bool]
    """Whether the model computes in eight-bit integers."""


def rows_of(
    batch: Sequence[Array],
    alone: Sequence[Array] | None,
    axes: Sequence[int | None],
    size: int,
    exactness: Exactness,
) -> Rows | None:
    """Return whether the first rows of a batch are what they are alone; None where that is not known.

    `within`: they are not, by no more than eight-bit arithmetic explains in a quantized model. `beyond`: by more.

    Args:
        batch: outputs of a batch, of the rows that were written.
        alone: outputs of the first rows, each run alone, put together along the batch axis.
        axes: the batch axis of each output; those without one are left out.
        size: the batch size.
        exactness: of the contender that made both.
    """
    import numpy as np

    rtol, precision, quantized = exactness
    if alone is None or len(alone) != len(batch):
        return None
    written = sample_rows(size)
    places = [place for place, row in enumerate(written) if row < SINGLE_ROWS]
    rows = [written[place] for place in places]
    together, single, kept = [], [], []
    for ours, theirs, axis in zip(batch, alone, axes, strict=False):
        if axis is None:
            continue
        if ours.ndim != theirs.ndim or axis >= ours.ndim or ours.shape[axis] != len(written):
            return None
        our_rows, their_rows = np.take(ours, places, axis=axis), np.take(theirs, rows, axis=axis)
        if our_rows.shape != their_rows.shape:
            return None
        together.append(our_rows)
        single.append(their_rows)
        kept.append(axis)
    if not together:
        return None
    if compare(single, together, [], rtol=rtol, precision=precision, axes=kept).verdict != "differs":
        return "alike"
    coarse = TOLERANCES["int8"]
    if quantized() and compare(single, together, [], rtol=coarse, precision="int8", axes=kept).verdict != "differs":
        return "within"
    return "beyond"


def is_quantized(path: Path) -> bool:
    """Return whether the graph in an ONNX file computes in eight-bit integers; False where it cannot be read."""
    import onnx

    try:
        model = onnx.load(path, load_external_data=False)
    except Exception:  # noqa: BLE001 - any file may be broken in any way, and others say so
        return False
    return not QUANTIZED_OPERATORS.isdisjoint(node.op_type for node in model.graph.node)
