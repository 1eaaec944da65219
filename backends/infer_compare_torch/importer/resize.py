"""Resizing of images and volumes."""

from __future__ import annotations

import operator as py
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import fx
from torch.nn import functional

from infer_compare.backends import UnsupportedModel
from infer_compare.backends.onnx_graphs import early_resize_attributes, resize_attributes
from infer_compare_torch.importer.host import maximum, minimum, single
from infer_compare_torch.importer.registry import operator
from infer_compare_torch.importer.resampling import (
    SHIFTING,
    extrapolate,
    nearest_index,
    pick,
    rounded_size,
    scale_between,
    smooth_matrix,
    stretched_size,
    weigh,
)
from infer_compare_torch.importer.values import Scalar, Tensorial, Value, dtype_of, rank_of, shape_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.backends.onnx_graphs import Node, ResizeAttributes
    from infer_compare_torch.importer.builder import Builder

EXACT_SCALE = 32
"""Whole scales up to here torch's nearest neighbour places as ONNX does; above, rounding parts them."""

SMOOTH = {3: "linear", 4: "bilinear", 5: "trilinear"}


@dataclass(frozen=True, slots=True)
class Stretch:
    """The resizing of one axis."""

    axis: int
    size: Scalar
    places: Scalar
    scale: Scalar
    start: Scalar = 0.0
    end: Scalar = 1.0


def _apply(
    builder: Builder, node: Node, value: Tensorial, stretches: Sequence[Stretch], rules: ResizeAttributes
) -> Value:
    moved = [
        stretch
        for stretch in stretches
        if isinstance(stretch.scale, fx.Node) or stretch.scale != 1 or rules.coordinates in SHIFTING
    ]
    native = _native(builder, value, moved, rules)
    if native is not None:
        return native
    dtype = dtype_of(value)
    if rules.mode != "nearest" and (dtype is None or not dtype.is_floating_point):
        raise UnsupportedModel(f"ONNX operator {node} interpolates integers, which cannot be imported into torch.")
    for stretch in moved:
        place = (stretch.size, stretch.places, stretch.scale, stretch.start, stretch.end, rules.coordinates)
        if rules.mode == "nearest":
            value = builder.emit(pick, value, stretch.axis, builder.emit(nearest_index, *place, rules.nearest))
        else:
            cubic = rules.cubic if rules.mode == "cubic" else None
            matrix = builder.emit(smooth_matrix, *place, cubic, rules.exclude_outside, rules.antialias)
            value = builder.emit(weigh, value, stretch.axis, matrix)
        if rules.coordinates == "tf_crop_and_resize":
            region = (stretch.size, stretch.scale, stretch.start, stretch.end)
            value = builder.emit(extrapolate, value, stretch.axis, *region, rules.extrapolation)
    return value


def _native(builder: Builder, value: Tensorial, moved: Sequence[Stretch], rules: ResizeAttributes) -> Value | None:
    """Return the call of torch's own that does the same, if there is one."""
    rank = rank_of(value)
    if rank not in SMOOTH or not moved or any(stretch.axis < 2 for stretch in moved):
        return None
    mode: str | None = None
    corners: bool | None = None
    match rules.mode, rules.coordinates:
        case "nearest", "asymmetric" if rules.nearest in {"floor", "simple"} and all(
            _is_whole(stretch) for stretch in moved
        ):
            mode = "nearest"
        case "linear", "half_pixel" | "align_corners":
            mode, corners = SMOOTH[rank], rules.coordinates == "align_corners"
        case "linear", "pytorch_half_pixel" if all(_is_plural(stretch.places) for stretch in moved):
            mode, corners = SMOOTH[rank], False
        case "cubic", "half_pixel" | "align_corners" if (
            rank == 4 and not rules.exclude_outside and rules.cubic == -0.75
        ):
            mode, corners = "bicubic", rules.coordinates == "align_corners"
        case _:
            return None
    dtype = dtype_of(value)
    if rules.antialias or dtype is None or not dtype.is_floating_point:
        return None
    if not all(_is_exact(stretch) for stretch in moved):
        # torch would stretch by the ratio of the sizes, not by the scale that was given.
        return None
    by_axis = {stretch.axis: stretch.places for stretch in moved}
    sizes = tuple(by_axis.get(axis, builder.size(value, axis)) for axis in range(2, rank))
    return builder.emit(functional.interpolate, value, sizes, None, mode, corners)


def _is_whole(stretch: Stretch) -> bool:
    return (
        isinstance(stretch.scale, (int, float))
        and stretch.scale == int(stretch.scale)
        and 1 <= stretch.scale <= EXACT_SCALE
    )


def _is_plural(places: Scalar) -> bool:
    return isinstance(places, int) and places > 1


def _is_exact(stretch: Stretch) -> bool:
    """Return whether the scale is the ratio of the sizes."""
    if isinstance(stretch.scale, fx.Node):
        return stretch.scale.target is scale_between
    if stretch.scale == int(stretch.scale):
        return True
    if not isinstance(stretch.size, int) or not isinstance(stretch.places, int):
        return False
    return single(stretch.places / stretch.size) == single(stretch.scale)


@operator("Upsample", 7)
def _upsample_by_attribute(builder: Builder, node: Node, value: Tensorial) -> Value:
    stretches = _by_scales(builder, value, list(node.attributes["scales"]), _axes(node, value))
    return _apply(builder, node, value, stretches, early_resize_attributes(node))


@operator("Upsample", 9)
@operator("Resize", 10)
def _upsample(builder: Builder, node: Node, value: Tensorial, scales: Tensorial) -> Value:
    axes = _axes(node, value)
    stretches = _by_scales(builder, value, builder.numbers(scales, len(axes)), axes)
    return _apply(builder, node, value, stretches, early_resize_attributes(node))


def _by_scales(
    builder: Builder,
    value: Tensorial,
    scales: Sequence[Scalar],
    axes: Sequence[int],
    regions: Sequence[Scalar] = (),
) -> list[Stretch]:
    stretches = []
    for index, (axis, scale) in enumerate(zip(axes, scales, strict=True)):
        size = builder.size(value, axis)
        places = size if scale == 1 else builder.scalar(stretched_size, size, scale)
        region = (regions[index], regions[index + len(axes)]) if regions else (0.0, 1.0)
        stretches.append(Stretch(axis, size, places, scale, *region))
    return stretches


def _by_sizes(
    builder: Builder, value: Tensorial, sizes: Sequence[Scalar], axes: Sequence[int], regions: Sequence[Scalar]
) -> list[Stretch]:
    stretches = []
    for index, (axis, places) in enumerate(zip(axes, sizes, strict=True)):
        size = builder.size(value, axis)
        same = places is size or (isinstance(places, int) and places == size)
        scale = 1.0 if same else builder.scalar(scale_between, size, places)
        region = (regions[index], regions[index + len(axes)]) if regions else (0.0, 1.0)
        stretches.append(Stretch(axis, size, places, scale, *region))
    return stretches


def _by_ratio(
    builder: Builder, value: Tensorial, sizes: Sequence[Scalar], axes: Sequence[int], *, largest: bool
) -> list[Stretch]:
    present = [builder.size(value, axis) for axis in axes]
    ratios = [builder.scalar(py.truediv, want, have) for want, have in zip(sizes, present, strict=True)]
    ratio = builder.scalar(maximum if largest else minimum, *ratios)
    return [
        Stretch(axis, have, builder.scalar(rounded_size, have, ratio), ratio)
        for axis, have in zip(axes, present, strict=True)
    ]


@operator("Resize", 11, 13, 18, 19, host=True)
def _resize(
    builder: Builder,
    node: Node,
    value: Value,
    region: Value | None = None,
    scales: Value | None = None,
    sizes: Value | None = None,
) -> Value:
    tensor = builder.tensor(value)
    axes = _axes(node, tensor)
    rules = resize_attributes(node)
    crops = rules.coordinates == "tf_crop_and_resize"
    regions = builder.numbers(region, 2 * len(axes)) if crops and region is not None else []
    if scales is not None and shape_of(scales) != (0,):
        stretches = _by_scales(builder, tensor, builder.numbers(scales, len(axes)), axes, regions)
        return _apply(builder, node, tensor, stretches, rules)
    assert sizes is not None
    wanted = builder.numbers(sizes, len(axes))
    if rules.policy == "stretch":
        stretches = _by_sizes(builder, tensor, wanted, axes, regions)
    else:
        stretches = _by_ratio(builder, tensor, wanted, axes, largest=rules.policy == "not_smaller")
    return _apply(builder, node, tensor, stretches, rules)


def _axes(node: Node, value: Value) -> list[int]:
    rank = rank_of(value)
    if rank is None:
        raise UnsupportedModel(f"ONNX operator {node} resizes a tensor of a rank that is only known from a run.")
    return [axis % rank for axis in node.attributes.get("axes") or range(rank)]
