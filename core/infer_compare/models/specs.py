"""Reading a model's inputs and outputs: which axis is the batch axis, and how precise the numbers are.

A file names its free axes as its author liked (`N`, `batch_size`, `s77`) or not at all. The first axis of an
input, where it is free, is the batch axis; inputs exported with two different names for it are common.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.interfaces import TensorSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

BATCH = "batch"


def unnamed(index: int) -> str:
    """The name of a free axis that the file leaves without one."""
    return f"axis{index}"


def name_batch(
    inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]
) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    """Inputs and outputs with the batch axis called `batch` wherever it stands.

    An output's first axis counts when it bears a name that is the batch axis of an input, or none at all; another
    name, such as a number of detections, stays.
    """
    names = {unnamed(0)} | {spec.shape[0] for spec in inputs if spec.shape and isinstance(spec.shape[0], str)}

    def rename(spec: TensorSpec) -> TensorSpec:
        return TensorSpec(spec.name, spec.dtype, tuple(BATCH if size in names else size for size in spec.shape))

    return tuple(map(rename, inputs)), tuple(map(rename, outputs))


def precision_of(specs: Sequence[TensorSpec]) -> str:
    """The widest floating dtype among inputs and outputs, in which a model computes; `float32` when there is none."""
    dtypes = {spec.dtype for spec in specs}
    return next((one for one in ("float64", "float32", "bfloat16", "float16") if one in dtypes), "float32")
