"""Resizing at run time: sizes, the places that an axis takes its values from, and the resized axis."""

from __future__ import annotations

import math

import torch

from infer_compare_torch.importer import interpolation
from infer_compare_torch.importer.host import single

SHIFTING = frozenset({"tf_crop_and_resize", "tf_half_pixel_for_nn"})
"""Rules by which even a scale of 1 moves values."""


def stretched_size(size: int, scale: float) -> int:
    """Return the size of a stretched axis, rounded as ONNX's shape inference rounds it."""
    return math.floor(single(size * scale))


def rounded_size(size: int, scale: float) -> int:
    """Return the size of a stretched axis where sizes keep their ratio: halves go up."""
    return math.floor(scale * size + 0.5)


def scale_between(size: int, places: int) -> float:
    """Return what an axis is stretched by."""
    return single(places / size)


def nearest_index(
    size: int, places: int, scale: float, start: float, end: float, rule: str, nearest: str
) -> torch.Tensor | None:
    """Return the source places that an axis is picked from, or None if it stays as it is."""
    if scale == 1 and rule not in SHIFTING:
        return None
    points = interpolation.coordinates(size, places, scale, rule, start, end)
    return interpolation.nearest_places(points, size, scale, nearest)


def smooth_matrix(
    size: int,
    places: int,
    scale: float,
    start: float,
    end: float,
    rule: str,
    cubic: float | None,
    exclude_outside: bool,
    antialias: bool,
) -> torch.Tensor | None:
    """Return the weights of source places in each place of an axis, or None if it stays as it is."""
    if scale == 1 and rule not in SHIFTING:
        return None
    points = interpolation.coordinates(size, places, scale, rule, start, end)
    return interpolation.weights(points, size, scale, cubic=cubic, antialias=antialias, exclude_outside=exclude_outside)


def pick(tensor: torch.Tensor, axis: int, index: torch.Tensor | None) -> torch.Tensor:
    """Return one axis resized by picking places."""
    return tensor if index is None else tensor.index_select(axis, index.to(tensor.device))


def weigh(tensor: torch.Tensor, axis: int, matrix: torch.Tensor | None) -> torch.Tensor:
    """Return one axis resized by weighing places."""
    if matrix is None:
        return tensor
    product = torch.matmul(tensor.movedim(axis, -1), matrix.t().to(tensor.device, tensor.dtype))
    return product.movedim(-1, axis)


def extrapolate(
    tensor: torch.Tensor, axis: int, size: int, scale: float, start: float, end: float, fill: float
) -> torch.Tensor:
    """Return a cropped axis with the places outside the source set to a number."""
    points = interpolation.coordinates(size, tensor.shape[axis], scale, "tf_crop_and_resize", start, end)
    beyond = interpolation.outside(points, size).to(tensor.device)
    return tensor.masked_fill(beyond.reshape(-1, *([1] * (tensor.dim() - 1 - axis))), fill)
