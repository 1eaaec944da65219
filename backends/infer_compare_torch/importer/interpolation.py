"""Interpolation along one axis, by the rules of ONNX's `Resize`.

Coordinates are computed in single precision, as ONNX Runtime computes them, so that a coordinate that lies
between two places falls to the same side.
"""

from __future__ import annotations

import torch

from infer_compare.backends import UnsupportedModel
from infer_compare.backends.onnx_graphs import ResizedAxis, rounding_of, source_positions

CUBIC_REACH = 4
"""Source places that a cubic takes part of."""


def coordinates(size: int, places: int, scale: float, rule: str, start: float = 0.0, end: float = 1.0) -> torch.Tensor:
    """Return where on the source axis each place of the result lies.

    Args:
        size: of the source axis.
        places: the size of the result's axis.
        scale: what the axis is stretched by; not always `places / size`.
        rule: the `coordinate_transformation_mode`.
        start: of the region of interest, from 0 to 1.
        end: of the region of interest.

    Raises:
        UnsupportedModel: corners are to be aligned by a scale that does not give a whole size; ONNX's own tests
            and ONNX Runtime do different things then.
    """
    if rule == "align_corners" and abs(scale * size - places) > 1e-3:
        raise UnsupportedModel(
            f"Resize aligns corners by a scale of {scale:g} from {size} to {places} places, which is not defined; "
            "give sizes, or a scale that makes a whole size."
        )
    steps = torch.arange(places, dtype=torch.float32)
    positions: torch.Tensor | None = source_positions(steps, ResizedAxis(size, places, scale, start, end), rule, places)
    if positions is None:
        raise UnsupportedModel(f"the coordinate_transformation_mode {rule!r} cannot be imported into torch")
    return positions


def nearest_places(points: torch.Tensor, size: int, scale: float, rule: str) -> torch.Tensor:
    """Return the source place that each coordinate takes its value from.

    Args:
        points: what `coordinates` gave.
        size: of the source axis.
        scale: what the axis is stretched by.
        rule: the `nearest_mode`, or `simple`, which operators before opset 11 follow.
    """
    rounding = rounding_of(rule, scale)
    if rounding is None:
        raise UnsupportedModel(f"the nearest_mode {rule!r} cannot be imported into torch")
    function, shift = rounding
    places = torch.ceil(points + shift) if function == "ceil" else torch.floor(points + shift)
    return places.clamp(0, size - 1).to(torch.int64)


def weights(
    points: torch.Tensor,
    size: int,
    scale: float,
    *,
    cubic: float | None,
    antialias: bool,
    exclude_outside: bool,
) -> torch.Tensor:
    """Return what part each source place has in each place of the result: a matrix of result places by source places.

    Args:
        points: what `coordinates` gave.
        size: of the source axis.
        scale: what the axis is stretched by.
        cubic: the coefficient of a cubic, or None for linear interpolation.
        antialias: whether to widen the kernel when the axis shrinks.
        exclude_outside: whether places outside the source have no part; else they repeat the edge.
    """
    shrink = min(scale, 1.0) if antialias else 1.0
    half = (CUBIC_REACH / 2 if cubic is not None else 1.0) / shrink
    first = torch.floor(points - half).to(torch.int64)
    reach = int(2 * half) + 3
    taps = first.unsqueeze(1) + torch.arange(reach)
    distance = (points.unsqueeze(1) - taps).abs() * shrink
    parts = (1.0 - distance).clamp(min=0.0) if cubic is None else cubic_kernel(distance, cubic)
    outside = (taps < 0) | (taps >= size)
    if exclude_outside:
        parts = torch.where(outside, torch.zeros_like(parts), parts)
    parts = parts / parts.sum(1, keepdim=True)
    matrix = torch.zeros(len(points), size)
    return matrix.scatter_add(1, taps.clamp(0, size - 1), parts)


def cubic_kernel(distance: torch.Tensor, coefficient: float) -> torch.Tensor:
    """Keys' cubic convolution kernel (IEEE Trans. ASSP 29(6), 1981)."""
    a = coefficient
    near = ((a + 2) * distance - (a + 3)) * distance * distance + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    return torch.where(distance <= 1, near, torch.where(distance < 2, far, torch.zeros_like(distance)))


def outside(points: torch.Tensor, size: int) -> torch.Tensor:
    """Return which coordinates lie outside the source."""
    return (points < 0) | (points > size - 1)
