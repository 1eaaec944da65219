"""Images taken apart into blocks, and put together out of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

from infer_compare.backends import UnsupportedModel
from infer_compare_torch.importer.registry import operator
from infer_compare_torch.importer.values import Value, shape_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from infer_compare.backends.onnx_graphs import Node
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
    """Return the sum of overlapping blocks.

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


def depth_to_space(tensor: torch.Tensor, block: int) -> torch.Tensor:
    """Return channels rearranged into blocks of space, the block's places counted before the channels."""
    batch, channels, height, width = tensor.shape
    inner = channels // (block * block)
    blocks = tensor.reshape(batch, block, block, inner, height, width).permute(0, 3, 4, 1, 5, 2)
    return blocks.reshape(batch, inner, height * block, width * block)


@operator("DepthToSpace", 1, 11, 13)
def _depth_to_space(builder: Builder, node: Node, value: Value) -> Value:
    block = node.attributes["blocksize"]
    if node.attributes.get("mode", "DCR") == "CRD":
        return builder.emit(functional.pixel_shuffle, value, block)
    return builder.emit(depth_to_space, value, block)


def space_to_depth(tensor: torch.Tensor, block: int) -> torch.Tensor:
    """Return blocks of space rearranged into channels."""
    batch, channels, height, width = tensor.shape
    blocks = tensor.reshape(batch, channels, height // block, block, width // block, block)
    return blocks.permute(0, 3, 5, 1, 2, 4).reshape(batch, channels * block * block, height // block, width // block)


@operator("SpaceToDepth", 1, 13)
def _space_to_depth(builder: Builder, node: Node, value: Value) -> Value:
    return builder.emit(space_to_depth, value, node.attributes["blocksize"])
