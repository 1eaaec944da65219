"""Reads the window of a convolution or pool from the attributes of an ONNX node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from infer_compare.models.onnx_graph import Node

Pads = tuple[int, int]
"""Padding at the beginning and the end of an axis."""


class WindowAttributes(NamedTuple):
    """The window of a node, with one entry for each spatial axis."""

    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[Pads, ...]
    """Explicit padding; empty if `auto_pad` determines it."""
    same: Literal["", "upper", "lower"]
    """The `auto_pad` mode: whether the padding follows from the sizes, and at which end the odd element goes."""


def window_attributes(node: Node, axes: int) -> WindowAttributes:
    """Return strides, dilations and padding of a node, with ONNX's defaults.

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
    """Return the padding of an axis for which the result has ceil(size / stride) elements.

    Args:
        size: the size of the axis; None if the stride is 1, where it has no effect.
        stride: the stride of the window.
        extent: the elements that the window spans, including dilation.
        upper: whether an odd element of padding goes to the end.
    """
    total = extent - 1 if size is None else max((-(-size // stride) - 1) * stride + extent - size, 0)
    less = total // 2
    return (less, total - less) if upper else (total - less, less)
