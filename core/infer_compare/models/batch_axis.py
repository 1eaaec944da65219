"""Warnings about assumed batch axes of a model's inputs, with how to name other axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.models.fills import SHORT
from infer_compare.models.specs import BATCH, is_other

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infer_compare.interfaces import TensorSpec

USUAL = 20
"""The size of a free axis in an example."""


def assumptions(
    stated: Sequence[TensorSpec], named: Sequence[TensorSpec], chosen: Mapping[str, int | None]
) -> tuple[str, ...]:
    """Return the assumptions in sentences that say what to type if they are wrong.

    Args:
        stated: the inputs as the file describes them.
        named: the inputs with the batch axis called `batch`.
        chosen: the inputs whose batch axis the user gave.
    """
    if not any(BATCH in spec.shape for spec in named):
        return ()
    return tuple(
        sentence
        for one, other in zip(stated, named, strict=True)
        if one.name not in chosen
        for sentence in _about(one, other)
    )


def _about(stated: TensorSpec, named: TensorSpec) -> Iterator[str]:
    name = stated.name
    if BATCH not in named.shape:
        yield f"The input {name!r} has no batch axis, so every batch gets the same values for it."
        return
    axis = named.shape.index(BATCH)
    size = str(stated.shape[axis])
    if axis == 0 and not is_other(size):
        return
    called = "" if size == BATCH else f" ({size!r})"
    yield (
        f"Axis {axis}{called} of the input {name!r} is assumed to be the batch; if another axis is, name it, for example "
        f"--input '{name}:{SHORT.get(stated.dtype, stated.dtype)}[{_example(stated, axis)}]'."
    )


def _example(spec: TensorSpec, axis: int) -> str:
    """Return the shape with the batch somewhere else, or without one."""
    sizes = [USUAL if isinstance(size, str) else size for size in spec.shape]
    free = [place for place, size in enumerate(spec.shape) if isinstance(size, str) and place != axis]
    return ",".join(BATCH if place in free[:1] else str(size) for place, size in enumerate(sizes))
