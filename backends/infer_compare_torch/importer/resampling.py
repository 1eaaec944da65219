"""What a resize does in a run: sizes, the places that an axis takes its values from, and the axis made of them."""

from __future__ import annotations

import math

import torch

from infer_compare_torch.importer import interpolation
from infer_compare_torch.importer.host import single

SHIFTING = frozenset({"tf_crop_and_resize", "tf_half_pixel_for_nn"})
"""Rules by which even a scale of 1 moves values."""


def stretched_size(size: int, scale: float) -> int:
    """The size of a stretched axis, rounded as ONNX's shape inference rounds it."""
    return math.floor(single(size * scale))


def rounded_size(size: int, scale: float) -> int:
    """The size of a stretched axis where sizes keep their ratio: halves go up."""
    return math.floor(scale * size + 0.5)


def scale_between(size: int, places: int) -> float:
    """What an axis is stretched by."""
    return single(places / size)


def nearest_index(
    size: int, places: int, scale: float, start: float, end: float, rule: str, nearest: str
) -> torch.Tensor | None:
    """The source places that an axis is picked from, or None if it stays as it is."""
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
    """The weights of source places in each place of an axis, or None if it stays as it is."""
    if scale == 1 and rule not in SHIFTING:
        return None
    points = interpolation.coordinates(size, places, scale, rule, start, end)
    return interpolation.weights(points, size, scale, cubic=cubic, antialias=antialias, exclude_outside=exclude_outside)


def pick(tensor: torch.Tensor, axis: int, index: torch.Tensor | None) -> torch.Tensor:
    """One axis resized by picking places."""
    return tensor if index is None else tensor.index_select(axis, index.to(tensor.device))


def weigh(tensor: torch.Tensor, axis: int, matrix: torch.Tensor | None) -> torch.Tensor:
    """One axis resized by weighing places."""
    if matrix is None:
        return tensor
    product = torch.matmul(tensor.movedim(axis, -1), matrix.t().to(tensor.device, tensor.dtype))
    return product.movedim(-1, axis)


def extrapolate(
    tensor: torch.Tensor, axis: int, size: int, scale: float, start: float, end: float, fill: float
) -> torch.Tensor:
    """Places of a cropped axis that lie outside the source set to a number."""
    points = interpolation.coordinates(size, tensor.shape[axis], scale, "tf_crop_and_resize", start, end)
    beyond = interpolation.outside(points, size).to(tensor.device)
    return tensor.masked_fill(beyond.reshape(-1, *([1] * (tensor.dim() - 1 - axis))), fill)
