"""Whether the batch that a file declares to be free comes through to its outputs, as far as inferred shapes tell."""

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
    """Return the node that holds the batch size at 1 although the file declares it free, as it is named in sentences.

    Args:
        model: its weights need not be loaded; its inputs have the batch as their first axes.
        outputs: with the batch axis called `batch`.
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
    found = shapes.get(spec.name)
    if found is None or BATCH not in spec.shape or len(found) != len(spec.shape):
        return False
    return found[spec.shape.index(BATCH)] == 1


def dropped_for_one(model: onnx.ModelProto, outputs: Sequence[TensorSpec]) -> str:
    """Return a sentence about an output that has fewer axes for one row than declared; empty where there is none."""
    shapes = shapes_at(model, {})
    if shapes is None:
        return ""
    for spec in outputs:
        found = shapes.get(spec.name)
        if found is not None and BATCH in spec.shape and len(found) < len(spec.shape):
            squeeze = next(
                (node for node in model.graph.node if node.op_type == "Squeeze" and _drops_all(node)),
                None,
            )
            which = "" if squeeze is None else f": Squeeze (node {squeeze.name or squeeze.output[0]!r}) has no axes"
            return (
                f"For one row, the output {spec.name!r} is {list(found)} and not [{', '.join(map(str, spec.shape))}]{which}; "
                "name the axes to drop in the model, or leave out batch size 1."
            )
    return ""


def _drops_all(node: onnx.NodeProto) -> bool:
    return len(node.input) < 2 and not any(one.name == "axes" for one in node.attribute)
