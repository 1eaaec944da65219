"""Reads the attributes of an ONNX resize, and computes the source position of each position of the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from infer_compare.models.onnx_graph import Node


class ResizeAttributes(NamedTuple):
    """The attributes of a resize."""

    mode: str
    """`nearest`, `linear` or `cubic`."""
    coordinates: str
    """The `coordinate_transformation_mode`."""
    nearest: str
    """The `nearest_mode`, or `simple`, the rule of operators before opset 11."""
    cubic: float
    """The coefficient of cubic interpolation."""
    exclude_outside: bool
    """Whether positions outside the data are excluded; else they repeat the edge."""
    antialias: bool
    """Whether the kernel is widened where an axis shrinks."""
    extrapolation: float
    """The value outside a cropped region."""
    policy: str
    """The `keep_aspect_ratio_policy`: `stretch`, `not_larger` or `not_smaller`."""


def resize_attributes(node: Node) -> ResizeAttributes:
    """Return the attributes of a `Resize`, with ONNX's defaults."""
    attributes = node.attributes
    return ResizeAttributes(
        mode=attributes.get("mode", "nearest"),
        coordinates=attributes.get("coordinate_transformation_mode", "half_pixel"),
        nearest=attributes.get("nearest_mode", "round_prefer_floor"),
        cubic=attributes.get("cubic_coeff_a", -0.75),
        exclude_outside=bool(attributes.get("exclude_outside", 0)),
        antialias=bool(attributes.get("antialias", 0)),
        extrapolation=attributes.get("extrapolation_value", 0.0),
        policy=attributes.get("keep_aspect_ratio_policy", "stretch"),
    )


def early_resize_attributes(node: Node) -> ResizeAttributes:
    """Return the attributes of an `Upsample`, or of a `Resize` of opset 10."""
    mode = node.attributes.get("mode", "nearest")
    return ResizeAttributes(
        mode="linear" if mode == "bilinear" else mode,
        coordinates="asymmetric",
        nearest="simple",
        cubic=-0.75,
        exclude_outside=False,
        antialias=False,
        extrapolation=0.0,
        policy="stretch",
    )


class ResizedAxis(NamedTuple):
    """The resize of one axis."""

    size: int
    """Size of the axis in the data."""
    places: int
    """Size of the axis in the result."""
    scale: float
    """The scale; not always `places / size`."""
    start: float = 0.0
    """Start of the region of interest, from 0 to 1."""
    end: float = 1.0


def source_positions(steps: Any, axis: ResizedAxis, coordinates: str, length: float) -> Any:  # noqa: ANN401 - an array of any library
    """Return the source position of each position of the result; None for an unknown mode.

    Args:
        steps: an array of the numbers from 0 to `axis.places - 1`, in the precision of the computation.
        axis: the resize of the axis.
        coordinates: the `coordinate_transformation_mode`.
        length: the length of the scaled axis, used for aligning corners; it need not be whole.
    """
    size, places, scale, start, end = axis
    match coordinates:
        case "asymmetric":
            return steps / scale
        case "align_corners":
            return steps * (size - 1) / (length - 1) if length != 1 else steps * 0
        case "half_pixel":
            return (steps + 0.5) / scale - 0.5
        case "pytorch_half_pixel":
            return (steps + 0.5) / scale - 0.5 if places > 1 else steps * 0
        case "half_pixel_symmetric":
            adjustment = places / (scale * size)
            return size / 2 * (1 - adjustment) + (steps + 0.5) / scale - 0.5
        case "tf_half_pixel_for_nn":
            return (steps + 0.5) / scale
        case "tf_crop_and_resize" if places == 1:
            return steps * 0 + 0.5 * (start + end) * (size - 1)
        case "tf_crop_and_resize":
            return start * (size - 1) + steps * (end - start) * (size - 1) / (places - 1)
        case _:
            return None


def rounding_of(nearest: str, scale: float) -> tuple[Literal["floor", "ceil"], float] | None:
    """Return the rounding function for positions, and an offset to add before; None for an unknown mode.

    Args:
        nearest: the `nearest_mode`, or `simple`.
        scale: the scale of the axis.
    """
    match nearest:
        case "round_prefer_floor":
            return "ceil", -0.5
        case "round_prefer_ceil":
            return "floor", 0.5
        case "floor" | "ceil":
            return nearest, 0.0
        case "simple":
            return ("ceil" if scale < 1 else "floor"), 0.0
        case _:
            return None
