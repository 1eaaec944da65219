"""Finds the batch axes of a model's inputs and outputs, and its precision.

Files name their free axes in many ways (`N`, `batch_size`, `s77`) or not at all. The batch axis is a free axis with a usual
name of the batch, else the first axis of an input if it is free. Inputs exported with different names for the batch are
common.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infer_compare.interfaces import TensorSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BATCH = "batch"
BATCH_NAMES = frozenset({BATCH, "batch_size", "batchsize", "batch_dim", "bs", "b", "n"})
"""Usual names of the batch axis, in lower case."""
_OTHER = re.compile(
    r"seq|time|step|frame|token|word|char|len|num|count|roi|box|point|node|edge|height|width|total|bags|past|^[TLSHWK]$",
    re.IGNORECASE,
)
"""Names of axes that are hardly ever the batch."""


def unnamed(index: int) -> str:
    """Return a name for a free axis that is unnamed in the file."""
    return f"axis{index}"


def name_batch(
    inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec], chosen: Mapping[str, int | None] | None = None
) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    """Return inputs and outputs with the batch axis called `batch` everywhere.

    The first axis of an output is the batch if it has the name of an input's batch axis, or no name; an axis with another
    name, such as a number of detections, is kept.

    Args:
        inputs: the inputs as the file describes them.
        outputs: the outputs as the file describes them.
        chosen: the batch axes given by the user, by input; None for an input without a batch axis.
    """
    axes = batch_axes(inputs, chosen or {})
    batched = [(spec, axis) for spec, axis in zip(inputs, axes, strict=True) if axis is not None]
    names = {spec.shape[axis] for spec, axis in batched if isinstance(spec.shape[axis], str)}
    if all(axis == 0 for _, axis in batched):
        names.add(unnamed(0))

    def rename(spec: TensorSpec) -> TensorSpec:
        shape = (
            BATCH if size in names else unnamed(index) if size == BATCH else size
            for index, size in enumerate(spec.shape)
        )
        return TensorSpec(spec.name, spec.dtype, tuple(shape))

    return tuple(map(rename, inputs)), tuple(map(rename, outputs))


def batch_axes(inputs: Sequence[TensorSpec], chosen: Mapping[str, int | None]) -> list[int | None]:
    """Return the batch axis of each input: as given by the user, else by its name, else the first axis if it is free.

    If other inputs have a batch axis, the only free axis of an input with a fixed first axis is the batch too, as in a state
    `[2, batch, 8]`, unless its name is that of another axis. None for an input without a batch axis.
    """
    axes = [chosen[spec.name] if spec.name in chosen else _named(spec) for spec in inputs]
    said = {spec.shape[axis] for spec, axis in zip(inputs, axes, strict=True) if axis is not None}
    other = {
        size
        for spec, axis in zip(inputs, axes, strict=True)
        if axis is not None or spec.name in chosen
        for size in spec.shape
        if isinstance(size, str) and size not in said
    }
    for place, spec in enumerate(inputs):
        if axes[place] is None and spec.name not in chosen:
            same = [axis for axis, size in enumerate(spec.shape) if size in said]
            first = spec.shape[0] if spec.shape else 0
            axes[place] = same[0] if same else 0 if isinstance(first, str) and first not in other else None
    if all(axis is None for axis in axes):
        return axes
    for place, spec in enumerate(inputs):
        free = [axis for axis, size in enumerate(spec.shape) if isinstance(size, str)]
        if axes[place] is None and spec.name not in chosen and len(free) == 1:
            size = str(spec.shape[free[0]])
            axes[place] = None if size in other or is_other(size) else free[0]
    return axes


def _named(spec: TensorSpec) -> int | None:
    """Return the first free axis with a usual name of the batch; None if there is none."""
    return next((axis for axis, size in enumerate(spec.shape) if str(size).lower() in BATCH_NAMES), None)


def is_other(name: str) -> bool:
    """Return whether a free axis has the name of an axis other than the batch."""
    return _OTHER.search(name) is not None


def precision_of(specs: Sequence[TensorSpec]) -> str:
    """Return the widest floating dtype among inputs and outputs; `float32` if there is none."""
    dtypes = {spec.dtype for spec in specs}
    return next((dtype for dtype in ("float64", "float32", "bfloat16", "float16") if dtype in dtypes), "float32")
