"""Checks with inferred shapes whether a batch axis that a file declares free is free in the outputs too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.models.figures import shapes_at
from infer_compare.models.specs import BATCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnx

    from infer_compare.interfaces import TensorSpec

ROWS = 7
"""A batch size that hardly any other axis has."""


def held_by(model: onnx.ModelProto, outputs: Sequence[TensorSpec]) -> str | None:
    """Return the name of the node that fixes the batch size at 1 although the file declares it free; None without one.

    Args:
        model: a model whose inputs have the batch as first axis; its weights need not be loaded.
        outputs: its outputs, with the batch axis called `batch`.
    """
    one, many = shapes_at(model, {}), shapes_at(model, {}, batch=ROWS)
    if one is None or many is None or not any(_is_held(spec, many) for spec in outputs):
        return None
    for node in model.graph.node:
        grew = any(name in one and name in many and one[name] != many[name] for name in node.input)
        known = [name for name in node.output if name in one and name in many]
        if grew and known and all(one[name] == many[name] for name in known):
            return f"{node.op_type} (node {node.name or node.output[0]!r})"
    return None


def _is_held(spec: TensorSpec, shapes: dict[str, tuple[int, ...]]) -> bool:
    shape = shapes.get(spec.name)
    if shape is None or BATCH not in spec.shape or len(shape) != len(spec.shape):
        return False
    return shape[spec.shape.index(BATCH)] == 1


def dropped_for_one(model: onnx.ModelProto, outputs: Sequence[TensorSpec]) -> str:
    """Return a sentence about an output that has fewer axes for one row than declared; empty if there is none."""
    shapes = shapes_at(model, {})
    if shapes is None:
        return ""
    for spec in outputs:
        shape = shapes.get(spec.name)
        if shape is not None and BATCH in spec.shape and len(shape) < len(spec.shape):
            squeeze = next(
                (node for node in model.graph.node if node.op_type == "Squeeze" and _drops_all(node)),
                None,
            )
            which = "" if squeeze is None else f": Squeeze (node {squeeze.name or squeeze.output[0]!r}) has no axes"
            return (
                f"For one row, the output {spec.name!r} is {list(shape)} and not [{', '.join(map(str, spec.shape))}]{which}; "
                "name the axes to drop in the model, or leave out batch size 1."
            )
    return ""


def _drops_all(node: onnx.NodeProto) -> bool:
    return len(node.input) < 2 and not any(attribute.name == "axes" for attribute in node.attribute)
