"""Reading a model's inputs and outputs: which axis is the batch axis, and how precise the numbers are.

A file names its free axes as its author liked (`N`, `batch_size`, `s77`) or not at all. An axis that is called as people
call the batch is the batch axis, else the first axis of an input, where it is free; inputs exported with two different
names for it are common.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infer_compare.interfaces import TensorSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BATCH = "batch"
BATCH_NAMES = frozenset({BATCH, "batch_size", "batchsize", "batch_dim", "bs", "b", "n"})
"""What people call the batch axis, in lower case."""
_OTHER = re.compile(
    r"seq|time|step|frame|token|word|char|len|num|count|roi|box|point|node|edge|height|width|total|bags|past|^[TLSHWK]$",
    re.IGNORECASE,
)
"""Names of axes that are hardly ever the batch."""


def unnamed(index: int) -> str:
    """Return the name of a free axis that the file leaves without one."""
    return f"axis{index}"


def name_batch(
    inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec], chosen: Mapping[str, int | None] | None = None
) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    """Return inputs and outputs with the batch axis called `batch` wherever it stands.

    An output's first axis counts when it bears a name that is the batch axis of an input, or none at all; another
    name, such as a number of detections, stays.

    Args:
        inputs: as the file has them.
        outputs: as the file has them.
        chosen: the batch axis of some inputs, by name, where it was said; None for an input without one.
    """
    axes = batch_axes(inputs, chosen or {})
    found = [(spec, axis) for spec, axis in zip(inputs, axes, strict=True) if axis is not None]
    names = {spec.shape[axis] for spec, axis in found if isinstance(spec.shape[axis], str)}
    if all(axis == 0 for _, axis in found):
        names.add(unnamed(0))

    def rename(spec: TensorSpec) -> TensorSpec:
        shape = (
            BATCH if size in names else unnamed(index) if size == BATCH else size
            for index, size in enumerate(spec.shape)
        )
        return TensorSpec(spec.name, spec.dtype, tuple(shape))

    return tuple(map(rename, inputs)), tuple(map(rename, outputs))


def batch_axes(inputs: Sequence[TensorSpec], chosen: Mapping[str, int | None]) -> list[int | None]:
    """Return the batch axis of each input: as it was said, else by its name, else the first axis where that is free.

    Where other inputs have a batch, the one free axis of an input whose first axis is fixed is the batch as well, as in
    a state `[2, batch, 8]`, unless its name says something else. None for an input without a batch.
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
    """The first free axis that is called as people call the batch."""
    return next((axis for axis, size in enumerate(spec.shape) if str(size).lower() in BATCH_NAMES), None)


def is_other(name: str) -> bool:
    """Return whether the name of a free axis says that it is something else than the batch."""
    return _OTHER.search(name) is not None


def precision_of(specs: Sequence[TensorSpec]) -> str:
    """Return the widest floating dtype among inputs and outputs, in which a model computes; `float32` when there is none."""
    dtypes = {spec.dtype for spec in specs}
    return next((one for one in ("float64", "float32", "bfloat16", "float16") if one in dtypes), "float32")
