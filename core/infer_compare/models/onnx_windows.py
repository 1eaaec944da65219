"""The window that a convolution or a pool moves over its spatial axes, as the attributes of an ONNX node give it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from infer_compare.models.onnx_graph import Node

Pads = tuple[int, int]
"""Padding before and after the places of an axis."""


class WindowAttributes(NamedTuple):
    """What a node says of its window: one entry for each spatial axis."""

    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[Pads, ...]
    """As given; none where `auto_pad` decides."""
    same: Literal["", "upper", "lower"]
    """Whether the padding follows from the sizes, and at which end the odd place goes."""


def window_attributes(node: Node, axes: int) -> WindowAttributes:
    """Return strides, dilations and padding of a node, with ONNX's defaults for what it leaves out.

    Args:
        node: a convolution or a pool.
        axes: how many spatial axes there are.
    """
    attributes = node.attributes
    pads = tuple(attributes.get("pads") or (0,) * (2 * axes))
    auto = attributes.get("auto_pad", "NOTSET")
    if auto != "NOTSET":
        pads = (0,) * (2 * axes)
    return WindowAttributes(
        strides=tuple(attributes.get("strides") or (1,) * axes),
        dilations=tuple(attributes.get("dilations") or (1,) * axes),
        pads=tuple(zip(pads[:axes], pads[axes:], strict=True)),
        same="upper" if auto == "SAME_UPPER" else "lower" if auto == "SAME_LOWER" else "",
    )


def same_pads(size: int | None, stride: int, extent: int, *, upper: bool) -> Pads:
    """Return the padding of an axis for which the result has ceil(size / stride) places.

    Args:
        size: of the axis; None where the stride is 1, since it decides nothing then.
        stride: of the window.
        extent: places that the window spans, dilation included.
        upper: whether an odd place goes to the end.
    """
    total = extent - 1 if size is None else max((-(-size // stride) - 1) * stride + extent - size, 0)
    less = total // 2
    return (less, total - less) if upper else (total - less, less)
