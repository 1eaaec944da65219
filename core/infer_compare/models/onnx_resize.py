"""What an ONNX node says of a resize, and where each place of the result lies in the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from infer_compare.models.onnx_graph import Node


class ResizeAttributes(NamedTuple):
    """How a node resizes."""

    mode: str
    """`nearest`, `linear` or `cubic`."""
    coordinates: str
    """The `coordinate_transformation_mode`."""
    nearest: str
    """The `nearest_mode`, or `simple`, which operators before opset 11 follow."""
    cubic: float
    """The coefficient of a cubic."""
    exclude_outside: bool
    """Whether places outside the data have no part; else they repeat the edge."""
    antialias: bool
    """Whether the kernel is wider where an axis shrinks."""
    extrapolation: float
    """What lies outside a cropped region."""
    policy: str
    """The `keep_aspect_ratio_policy`: `stretch`, `not_larger` or `not_smaller`."""


def resize_attributes(node: Node) -> ResizeAttributes:
    """Return how a `Resize` resizes, with ONNX's defaults for what it leaves out."""
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
    """Return how an `Upsample`, or a `Resize` of opset 10, resizes."""
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
    """What happens to one axis."""

    size: int
    """Of the data."""
    places: int
    """Of the result."""
    scale: float
    """What the axis is stretched by; not always `places / size`."""
    start: float = 0.0
    """Of the region of interest, from 0 to 1."""
    end: float = 1.0


def source_positions(steps: Any, axis: ResizedAxis, coordinates: str, length: float) -> Any:  # noqa: ANN401 - an array of any library
    """Return where each place of the result lies in the data; None where there is no such rule.

    Args:
        steps: an array of the numbers from 0 to `axis.places - 1`, in the precision to compute in.
        axis: what happens to it.
        coordinates: the `coordinate_transformation_mode`.
        length: of the stretched axis, by which corners are aligned; it need not be whole.
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
    """Return how a position is rounded to the nearest place, and what is added to it before; None for no such rule.

    Args:
        nearest: the `nearest_mode`, or `simple`.
        scale: what the axis is stretched by.
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
