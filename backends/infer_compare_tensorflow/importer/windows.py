"""The moving window of convolutions and pools: strides, dilations and padding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import tensorflow as tf

from infer_compare.backends.onnx_graphs import same_pads, window_attributes
from infer_compare_tensorflow.importer.known import known_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.backends.onnx_graphs import Node
    from infer_compare_tensorflow.importer.values import Size, Value


@dataclass(frozen=True, slots=True)
class Window:
    """A window over the spatial axes, with padding as (before, after) per axis."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]

    @property
    def extents(self) -> tuple[int, ...]:
        """The number of elements that the window spans, including dilation."""
        return tuple((size - 1) * dilation + 1 for size, dilation in zip(self.kernel, self.dilations, strict=True))

    @property
    def padded(self) -> bool:
        """Whether there is any padding."""
        return any(pad != (0, 0) for pad in self.pads)

    def same(self, sizes: Sequence[int | None]) -> tuple[tuple[int, int], ...] | None:
        """Return the padding that TensorFlow calls SAME for axes of these sizes; None if it depends on a free one."""
        axes = list(zip(sizes, self.strides, self.extents, strict=True))
        if any(size is None and stride > 1 for size, stride, _ in axes):
            return None
        return tuple(
            same_pads(size if stride > 1 else None, stride, extent, upper=True) for size, stride, extent in axes
        )


def window(node: Node, data: Value, kernel: Sequence[int]) -> Window:
    """Return the window that a node's attributes tell, with `auto_pad` worked out for the data's sizes."""
    rank = len(kernel)
    strides, dilations, pads, same = window_attributes(node, rank)
    moving = Window(tuple(kernel), strides, dilations, pads)
    if not same:
        return moving
    sizes = [known_size(node, data, axis + 2) if strides[axis] > 1 else None for axis in range(rank)]
    worked_out = (
        same_pads(size, stride, extent, upper=same == "upper")
        for size, stride, extent in zip(sizes, strides, moving.extents, strict=True)
    )
    return replace(moving, pads=tuple(worked_out))


def pad_spatial(data: tf.Tensor, pads: Sequence[tuple[Size, Size]], value: float = 0) -> tf.Tensor:
    """Return a tensor [N, *spatial, C] with its spatial axes padded."""
    if all(isinstance(width, int) and width == 0 for pair in pads for width in pair):
        return data
    return tf.pad(data, [(0, 0), *pads, (0, 0)], constant_values=tf.cast(value, data.dtype))
