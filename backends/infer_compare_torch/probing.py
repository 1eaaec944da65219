"""One run of a module on small inputs, to learn what it returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from infer_compare import ModelError, TensorSpec
from infer_compare.models.fills import FromFile, Normal, RandInt, parse_fill
from infer_compare.models.specs import BATCH, unnamed
from infer_compare_torch.importer.dtypes import tensor_from_numpy
from infer_compare_torch.structures import named_leaves

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import nn

OTHER = 16
"""The size that free axes other than the batch axis have in the run."""


def examples(
    inputs: Sequence[TensorSpec], fills: Mapping[str, str], sizes: Mapping[str, int]
) -> tuple[torch.Tensor, ...]:
    """Random inputs.

    Args:
        inputs: what the model takes.
        fills: how some of them are filled; the others get normal numbers, or zeros and ones where they are whole.
        sizes: of the free axes, by name.
    """
    rng = np.random.default_rng(0)
    made = []
    for spec in inputs:
        shape = [sizes[size] if isinstance(size, str) else size for size in spec.shape]
        fill = parse_fill(fills[spec.name]) if spec.name in fills else None
        if isinstance(fill, FromFile):
            rows = fill.read(spec.name)
            made.append(tensor_from_numpy(np.resize(rows, (shape[0], *rows.shape[1:]))))
            continue
        if fill is None:
            fill = Normal(0, 1) if spec.dtype.startswith(("float", "bfloat")) else RandInt(0, 2)
        made.append(tensor_from_numpy(fill.draw(rng, shape, spec.dtype)))
    return tuple(made)


def outputs_of(module: nn.Module, inputs: Sequence[TensorSpec], fills: Mapping[str, str]) -> tuple[TensorSpec, ...]:
    """Names, dtypes and shapes of what a module returns, in torch's order of flattening.

    An axis whose size follows a free axis of the inputs bears its name. It is found by comparing runs.

    Raises:
        ModelError: the module raises, or returns something other than tensors.
    """
    free = dict.fromkeys([BATCH, *(size for spec in inputs for size in spec.shape if isinstance(size, str))])
    base = {name: 2 if name == BATCH else OTHER for name in free}
    first = _run(module, inputs, fills, base)
    shapes: list[list[int | str]] = [list(tensor.shape) for _, tensor in first]
    for name in free:
        sizes = base | {name: base[name] + 1}
        other = _run(module, inputs, fills, sizes)
        if len(other) != len(first) or any(a.dim() != b.dim() for (_, a), (_, b) in zip(first, other, strict=True)):
            raise ModelError(
                f"The model returns other outputs when {name} is {sizes[name]} than when it is {base[name]}."
            )
        for shape, (_, old), (_, new) in zip(shapes, first, other, strict=True):
            for axis, (before, after) in enumerate(zip(old.shape, new.shape, strict=True)):
                if before != after:
                    followed = (before, after) == (base[name], sizes[name])
                    shape[axis] = name if followed else unnamed(axis)
    return tuple(
        TensorSpec(name, str(tensor.dtype).removeprefix("torch."), tuple(shape))
        for (name, tensor), shape in zip(first, shapes, strict=True)
    )


def _run(
    module: nn.Module, inputs: Sequence[TensorSpec], fills: Mapping[str, str], sizes: Mapping[str, int]
) -> list[tuple[str, torch.Tensor]]:
    batch = examples(inputs, fills, sizes)
    try:
        with torch.inference_mode():
            found = named_leaves(module(*batch))
    except Exception as error:
        told = " ".join(str(error).split())
        raise ModelError(
            f"The model cannot be run on a batch of {sizes[BATCH]} with inputs "
            f"{', '.join(f'{spec.name}{list(one.shape)}' for spec, one in zip(inputs, batch, strict=True))} "
            f"({type(error).__name__}: {told})."
        ) from error
    if not found:
        raise ModelError("The model returns no tensor, so that there is nothing to compare.")
    return found
