"""The windows of pools, and where they lie on a tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infer_compare.backends import UnsupportedModel
from infer_compare_torch.importer.convolution import geometry, same_padding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.backends.onnx_graphs import Node


class Window:
    """A pool's window: how it is placed over the spatial axes of a tensor."""

    def __init__(self, node: Node) -> None:
        """Read a node's attributes.

        Raises:
            UnsupportedModel: the window does not have one to three axes.
        """
        self.kernel: tuple[int, ...] = tuple(node.attributes["kernel_shape"])
        if not 1 <= len(self.kernel) <= 3:
            raise UnsupportedModel(f"ONNX operator {node} needs a kernel of one to three sizes.")
        self.strides, self.dilations, self.starts, self.ends = geometry(node, self.kernel)
        self.ceil = bool(node.attributes.get("ceil_mode", 0))
        self.automatic: str = node.attributes.get("auto_pad", "NOTSET")

    @property
    def axes(self) -> int:
        """The number of spatial axes."""
        return len(self.kernel)

    @property
    def native(self) -> bool:
        """Whether torch's own pools place the window so: paddings alike on both sides, at most half the kernel."""
        return (
            self.automatic in {"NOTSET", "VALID", ""}
            and self.starts == self.ends
            and all(2 * pad <= size for pad, size in zip(self.starts, self.kernel, strict=True))
        )

    def arguments(self) -> tuple[Any, ...]:
        """Return what the functions below take after the tensor."""
        upper = {"SAME_UPPER": True, "SAME_LOWER": False}.get(self.automatic)
        return (
            self.kernel,
            tuple(self.strides),
            tuple(self.dilations),
            tuple(self.starts),
            tuple(self.ends),
            self.ceil,
            upper,
        )


def placement(
    sizes: Sequence[int],
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    starts: Sequence[int],
    ends: Sequence[int],
    ceil: bool,
    upper: bool | None,
) -> tuple[Sequence[int], Sequence[int], list[int], list[int]]:
    """Return where windows lie.

    Returns:
        The paddings at the starts and ends as stated; the paddings at the ends that let the last window lie
        within the padded tensor; and the numbers of windows. A window that would begin in the padding at the
        end is left out.
    """
    if upper is not None:
        starts, ends = same_padding(sizes, kernel, strides, dilations, upper=upper)
    needed, places = [], []
    for size, extent, stride, dilation, start, end in zip(sizes, kernel, strides, dilations, starts, ends, strict=True):
        span = (extent - 1) * dilation + 1
        room = size + start + end - span
        count = (-(-room // stride) if ceil else room // stride) + 1
        if ceil and (count - 1) * stride >= size + start:
            count -= 1
        places.append(count)
        needed.append(max((count - 1) * stride + span - size - start, 0))
    return starts, ends, needed, places
