"""Runs of a module on small inputs, to learn what it returns and what it looks up in tables."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import nn

from infer_compare.backends import BATCH, ModelError, TensorSpec, described, unnamed
from infer_compare.backends.native_models import FromFile, Normal, RandInt, parse_fill
from infer_compare_torch.importer.dtypes import tensor_from_numpy
from infer_compare_torch.structures import named_leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from infer_compare.backends.native_models import Binding

OTHER = 16
"""The size that free axes other than the batch axis have in the run."""


def examples(
    inputs: Sequence[TensorSpec], fills: Mapping[str, str], sizes: Mapping[str, int]
) -> tuple[torch.Tensor, ...]:
    """Return random inputs.

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


class Probed(NamedTuple):
    """The outputs and lookup tables of a module, found by running it."""

    outputs: tuple[TensorSpec, ...]
    """The outputs in torch's order of flattening. An axis that follows a free axis of the inputs has its name."""
    tables: dict[str, int]
    """For each input that picks rows of an `nn.Embedding`, how many rows that has."""


def probe(module: nn.Module, inputs: Sequence[TensorSpec], fills: Mapping[str, str], binding: Binding) -> Probed:
    """Return what a module returns and looks up, found by comparing runs of different sizes.

    Raises:
        ModelError: the module raises, or returns something other than tensors.
    """
    free = dict.fromkeys([BATCH, *(size for spec in inputs for size in spec.shape if isinstance(size, str))])
    base = {name: 2 if name == BATCH else OTHER for name in free}
    function = binding.bound(module)
    with _lookups(module) as lookups:
        batch, first = _run(function, inputs, fills, base)
    tables = {
        spec.name: min(rows)
        for spec, tensor in zip(inputs, batch, strict=True)
        if (rows := [size for place, size in lookups if place == tensor.data_ptr()])
    }
    shapes: list[list[int | str]] = [list(tensor.shape) for _, tensor in first]
    for name in free:
        sizes = base | {name: base[name] + 1}
        _, other = _run(function, inputs, fills, sizes)
        if len(other) != len(first) or any(a.dim() != b.dim() for (_, a), (_, b) in zip(first, other, strict=True)):
            raise ModelError(
                f"The number or kind of outputs changes with {name}: {sizes[name]} and {base[name]} differ; return the same outputs at every size."
            )
        for shape, (_, old), (_, new) in zip(shapes, first, other, strict=True):
            for axis, (before, after) in enumerate(zip(old.shape, new.shape, strict=True)):
                if before != after:
                    followed = (before, after) == (base[name], sizes[name])
                    shape[axis] = name if followed else unnamed(axis)
    outputs = (
        TensorSpec(name, str(tensor.dtype).removeprefix("torch."), tuple(shape))
        for (name, tensor), shape in zip(first, shapes, strict=True)
    )
    return Probed(tuple(outputs), tables)


@contextmanager
def _lookups(module: nn.Module) -> Iterator[list[tuple[int, int]]]:
    """Collect where in memory the indices lie that tables of the module get, and how many rows each table has."""
    ranges: list[tuple[int, int]] = []

    def looked_up(table: nn.Module, arguments: tuple[object, ...]) -> None:
        if arguments and isinstance(arguments[0], torch.Tensor) and isinstance(table, nn.Embedding | nn.EmbeddingBag):
            ranges.append((arguments[0].data_ptr(), table.num_embeddings))

    tables = [layer for layer in module.modules() if isinstance(layer, nn.Embedding | nn.EmbeddingBag)]
    handles = [table.register_forward_pre_hook(looked_up) for table in tables]
    try:
        yield ranges
    finally:
        for handle in handles:
            handle.remove()


def _run(
    function: Callable[..., object], inputs: Sequence[TensorSpec], fills: Mapping[str, str], sizes: Mapping[str, int]
) -> tuple[tuple[torch.Tensor, ...], list[tuple[str, torch.Tensor]]]:
    batch = examples(inputs, fills, sizes)
    try:
        with torch.inference_mode():
            outputs = named_leaves(function(*batch))
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(
            f"The model cannot be run on a batch of {sizes[BATCH]} with inputs "
            f"{', '.join(f'{spec.name}{list(array.shape)}' for spec, array in zip(inputs, batch, strict=True))} "
            f"({described(error)})."
        ) from error
    if not outputs:
        raise ModelError("The model returns no tensor; return one or several tensors.")
    return batch, outputs
