"""Images put together out of columns of blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

from infer_compare import UnsupportedModel
from infer_compare_torch.importer.registry import operator
from infer_compare_torch.importer.values import Value, shape_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from infer_compare.models.onnx_graph import Node
    from infer_compare_torch.importer.builder import Builder


def fold(
    columns: torch.Tensor,
    sizes: Sequence[int],
    block: Sequence[int],
    dilations: Sequence[int],
    starts: Sequence[int],
    ends: Sequence[int],
    strides: Sequence[int],
) -> torch.Tensor:
    """The sum of overlapping blocks.

    Args:
        columns: (batch, channels times places of a block, blocks).
        sizes: height and width of the image.
        block: height and width of a block.
        dilations: distances of a block's places.
        starts: places before the image that blocks reach into, for both axes.
        ends: such places after it.
        strides: distances of blocks.

    Returns:
        (batch, channels, height, width).
    """
    (top, left), (height, width) = starts, sizes
    whole = (height + top + ends[0], width + left + ends[1])
    image = functional.fold(columns, whole, tuple(block), tuple(dilations), 0, tuple(strides))
    return image[..., top : top + height, left : left + width]


@operator("Col2Im", 18, host=True)
def _fold(builder: Builder, node: Node, columns: Value, sizes: Value, block: Value) -> Value:
    if shape_of(block) != (2,):
        raise UnsupportedModel(
            f"ONNX operator {node} makes no images of two axes, which alone have an import into torch."
        )
    attributes = node.attributes
    pads = attributes.get("pads") or (0, 0, 0, 0)
    return builder.emit(
        fold,
        builder.tensor(columns),
        builder.numbers(sizes, 2),
        builder.numbers(block, 2),
        tuple(attributes.get("dilations") or (1, 1)),
        tuple(pads[:2]),
        tuple(pads[2:]),
        tuple(attributes.get("strides") or (1, 1)),
    )
