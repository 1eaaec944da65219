"""Choosing among boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from infer_compare_torch.importer.registry import operator

if TYPE_CHECKING:
    from infer_compare.backends.onnx_graphs import Node
    from infer_compare_torch.importer.builder import Builder
    from infer_compare_torch.importer.values import Scalar, Value


def corners(boxes: torch.Tensor, centred: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the least and the greatest corner of boxes: (..., 2) each.

    Args:
        boxes: (..., 4): two opposite corners in any order, or the centre and the extents.
        centred: whether it is the centre and the extents.
    """
    first, second = boxes[..., :2], boxes[..., 2:]
    if centred:
        return first - second / 2, first + second / 2
    return torch.minimum(first, second), torch.maximum(first, second)


def overlaps(boxes: torch.Tensor, centred: bool) -> torch.Tensor:
    """Return the intersection over the union of each pair of boxes: (boxes, boxes)."""
    low, high = corners(boxes, centred)
    area = (high - low).prod(-1)
    sides = torch.minimum(high.unsqueeze(1), high) - torch.maximum(low.unsqueeze(1), low)
    common = sides.clamp(min=0).prod(-1)
    union = area.unsqueeze(1) + area - common
    return torch.where(union > 0, common / union, torch.zeros_like(common))


def suppress(
    boxes: torch.Tensor,
    scores: torch.Tensor,
    most: int,
    overlap: float,
    least_score: float | None,
    centred: bool,
) -> torch.Tensor:
    """Return the boxes kept, best first for each class: rows of batch, class and box.

    Args:
        boxes: (batch, boxes, 4).
        scores: (batch, classes, boxes).
        most: boxes kept for a class.
        overlap: a box is dropped if it covers more than this of a better one's union with it.
        least_score: boxes must score more than this; None for no bound.
        centred: as `corners`.
    """
    kept: list[tuple[int, int, int]] = []
    for batch in range(boxes.shape[0]):
        covers = overlaps(boxes[batch], centred) > overlap
        for group in range(scores.shape[1]):
            points = scores[batch, group]
            order = torch.sort(points, descending=True, stable=True).indices.tolist()
            chosen: list[int] = []
            for box in order:
                if len(chosen) >= most or (least_score is not None and not points[box] > least_score):
                    break
                if not any(covers[box, better] for better in chosen):
                    chosen.append(box)
            kept.extend((batch, group, box) for box in chosen)
    return torch.tensor(kept, dtype=torch.int64, device=boxes.device).reshape(-1, 3)


@operator("NonMaxSuppression", 10, 11, host=True)
def _suppress(
    builder: Builder,
    node: Node,
    boxes: Value,
    scores: Value,
    most: Value | None = None,
    overlap: Value | None = None,
    least_score: Value | None = None,
) -> Value:
    def number(value: Value | None, default: Scalar | None) -> Scalar | None:
        return default if value is None else builder.number(value)

    return builder.emit(
        suppress,
        builder.tensor(boxes),
        builder.tensor(scores),
        number(most, 0),
        number(overlap, 0.0),
        number(least_score, None),
        bool(node.attributes.get("center_point_box", 0)),
    )
