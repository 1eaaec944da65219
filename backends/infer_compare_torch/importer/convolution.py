"""Convolutions, plain and transposed, and the padding rules that they share with pools."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from torch.nn import functional

from infer_compare.backends import UnsupportedModel
from infer_compare.backends.onnx_graphs import same_pads, window_attributes
from infer_compare_torch.importer.registry import operator
from infer_compare_torch.importer.values import Value, shape_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from infer_compare.backends.onnx_graphs import Node
    from infer_compare_torch.importer.builder import Builder

CONVOLUTIONS = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}
TRANSPOSED = {1: functional.conv_transpose1d, 2: functional.conv_transpose2d, 3: functional.conv_transpose3d}


def interleaved(starts: Sequence[int], ends: Sequence[int]) -> tuple[int, ...]:
    """Return padding as `functional.pad` takes it: pairs, last axis first."""
    return tuple(chain.from_iterable(zip(reversed(starts), reversed(ends), strict=True)))


def same_padding(
    sizes: Sequence[int], kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int], *, upper: bool
) -> tuple[list[int], list[int]]:
    """Return the paddings at the starts and ends with which the output has ceil(size / stride) places.

    The odd one goes to the end with `upper`, else to the start.
    """
    pads = [
        same_pads(size, stride, (extent - 1) * dilation + 1, upper=upper)
        for size, extent, stride, dilation in zip(sizes, kernel, strides, dilations, strict=True)
    ]
    return [start for start, _ in pads], [end for _, end in pads]


def pad_same(
    tensor: torch.Tensor,
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    upper: bool,
    fill: float = 0.0,
) -> torch.Tensor:
    """Return the tensor padded for `auto_pad` SAME, by sizes that are only known from a run."""
    starts, ends = same_padding(tensor.shape[2:], kernel, strides, dilations, upper=upper)
    return functional.pad(tensor, interleaved(starts, ends), value=fill)


def geometry(node: Node, kernel: Sequence[int]) -> tuple[list[int], list[int], list[int], list[int]]:
    """Strides, dilations, paddings at the starts and at the ends, as a node's attributes state them."""
    window = window_attributes(node, len(kernel))
    starts, ends = [start for start, _ in window.pads], [end for _, end in window.pads]
    return list(window.strides), list(window.dilations), starts, ends


def kernel_of(node: Node, weight: Value) -> tuple[int, ...]:
    """Return the sizes of a convolution's kernel.

    Raises:
        UnsupportedModel: neither the weight nor the node tells, or there are not one to three axes.
    """
    shape = shape_of(weight)
    sizes = node.attributes.get("kernel_shape") or (None if shape is None else shape[2:])
    if sizes is None or None in sizes or not 1 <= len(sizes) <= 3:
        raise UnsupportedModel(f"ONNX operator {node} needs a kernel of one to three fixed sizes.")
    return tuple(sizes)


def fixed_sizes(value: Value) -> tuple[int, ...] | None:
    """Return the sizes of the spatial axes if all of them are fixed."""
    shape = shape_of(value)
    if shape is None or any(size is None for size in shape[2:]):
        return None
    return tuple(size for size in shape[2:] if size is not None)


@operator("Conv", 1, 11, 22)
def _convolution(builder: Builder, node: Node, value: Value, weight: Value, bias: Value | None = None) -> Value:
    kernel = kernel_of(node, weight)
    strides, dilations, starts, ends = geometry(node, kernel)
    automatic = node.attributes.get("auto_pad", "NOTSET")
    if automatic in {"SAME_UPPER", "SAME_LOWER"}:
        upper = automatic == "SAME_UPPER"
        # With stride 1 the padding does not depend on the size.
        sizes = fixed_sizes(value) or ((1,) * len(kernel) if set(strides) == {1} else None)
        if sizes is None:
            value = builder.emit(pad_same, value, kernel, strides, dilations, upper)
        else:
            starts, ends = same_padding(sizes, kernel, strides, dilations, upper=upper)
    if starts != ends:
        value = builder.emit(functional.pad, value, interleaved(starts, ends))
        starts = [0] * len(kernel)
    return builder.emit(
        CONVOLUTIONS[len(kernel)],
        value,
        weight,
        bias,
        tuple(strides),
        tuple(starts),
        tuple(dilations),
        node.attributes.get("group", 1),
    )


def transpose_convolve(
    tensor: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    strides: Sequence[int],
    dilations: Sequence[int],
    group: int,
    starts: Sequence[int],
    ends: Sequence[int],
) -> torch.Tensor:
    """Return a transposed convolution cut by any paddings; negative ones add places that only the bias reaches."""
    call: Any = TRANSPOSED[weight.dim() - 2]
    whole = call(tensor, weight, None, strides, 0, 0, group, dilations)
    cut = functional.pad(whole, interleaved([-start for start in starts], [-end for end in ends]))
    return cut if bias is None else cut + bias.reshape(-1, *([1] * (weight.dim() - 2)))


def transpose_convolve_to(
    tensor: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    strides: Sequence[int],
    dilations: Sequence[int],
    group: int,
    extra: Sequence[int],
    sizes: Sequence[int] | None,
    upper: bool,
) -> torch.Tensor:
    """Return a transposed convolution to given output sizes; to `size * stride` if there are none."""
    starts, ends = [], []
    for axis, (stride, dilation, more) in enumerate(zip(strides, dilations, extra, strict=True)):
        size = tensor.shape[axis + 2]
        target = size * stride if sizes is None else sizes[axis]
        total = stride * (size - 1) + more + (weight.shape[axis + 2] - 1) * dilation + 1 - target
        less = total // 2
        starts.append(less if upper else total - less)
        ends.append((total - less if upper else less) - more)
    return transpose_convolve(tensor, weight, bias, strides, dilations, group, starts, ends)


@operator("ConvTranspose", 1, 11, 22)
def _transposed(builder: Builder, node: Node, value: Value, weight: Value, bias: Value | None = None) -> Value:
    kernel = kernel_of(node, weight)
    strides, dilations, starts, ends = geometry(node, kernel)
    extra = list(node.attributes.get("output_padding") or [0] * len(kernel))
    group = node.attributes.get("group", 1)
    sizes = node.attributes.get("output_shape")
    automatic = node.attributes.get("auto_pad", "NOTSET")
    if sizes or automatic in {"SAME_UPPER", "SAME_LOWER"}:
        chosen = tuple(sizes)[-len(kernel) :] if sizes else None
        return builder.emit(
            transpose_convolve_to,
            value,
            weight,
            bias,
            strides,
            dilations,
            group,
            extra,
            chosen,
            automatic == "SAME_UPPER",
        )
    native = starts == ends and all(
        more < max(stride, dilation) for more, stride, dilation in zip(extra, strides, dilations, strict=True)
    )
    if native:
        return builder.emit(
            TRANSPOSED[len(kernel)],
            value,
            weight,
            bias,
            tuple(strides),
            tuple(starts),
            tuple(extra),
            group,
            tuple(dilations),
        )
    ends = [end - more for end, more in zip(ends, extra, strict=True)]
    return builder.emit(transpose_convolve, value, weight, bias, strides, dilations, group, starts, ends)
