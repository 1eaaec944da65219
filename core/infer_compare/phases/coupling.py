"""A check that rows of a batch are independent: each must equal the same row run alone."""

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
    """The expected accuracy of a contender's outputs."""

    rtol: float
    precision: str
    quantized: Callable[[], bool]
    """Returns whether the model computes in eight-bit integers."""


def rows_of(
    batch: Sequence[Array],
    alone: Sequence[Array] | None,
    axes: Sequence[int | None],
    size: int,
    exactness: Exactness,
) -> Rows | None:
    """Return whether the first rows of a batch equal the same rows run alone; None if that is not known.

    `alike`: they do. `within`: they differ by no more than eight-bit arithmetic explains in a quantized model. `beyond`: by more.

    Args:
        batch: outputs of a batch, for the rows that were written.
        alone: outputs of the first rows, each run alone, concatenated along the batch axis.
        axes: the batch axis of each output; outputs without one are ignored.
        size: the batch size.
        exactness: of the contender.
    """
    import numpy as np

    rtol, precision, quantized = exactness
    if alone is None or len(alone) != len(batch):
        return None
    written = sample_rows(size)
    places = [place for place, row in enumerate(written) if row < SINGLE_ROWS]
    rows = [written[place] for place in places]
    together, single, kept = [], [], []
    for in_batch, on_its_own, axis in zip(batch, alone, axes, strict=False):
        if axis is None:
            continue
        if in_batch.ndim != on_its_own.ndim or axis >= in_batch.ndim or in_batch.shape[axis] != len(written):
            return None
        batch_rows, single_rows = np.take(in_batch, places, axis=axis), np.take(on_its_own, rows, axis=axis)
        if batch_rows.shape != single_rows.shape:
            return None
        together.append(batch_rows)
        single.append(single_rows)
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
    """Return whether the graph in an ONNX file computes in eight-bit integers; False if it cannot be read."""
    import onnx

    try:
        model = onnx.load(path, load_external_data=False)
    except Exception:  # noqa: BLE001 - a broken file may raise anything, and is reported elsewhere
        return False
    return not QUANTIZED_OPERATORS.isdisjoint(node.op_type for node in model.graph.node)
