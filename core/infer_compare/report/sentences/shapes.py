"""The shape of a latency curve in a sentence."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from infer_compare.stats.wording import duration

if TYPE_CHECKING:
    from infer_compare.stats.shape import Shape
    from infer_compare.verdicts import ContenderShape


def shape_sentence(found: ContenderShape) -> str:
    """Return such as `onnx: fixed cost 0.31 ms, 0.12 ms a sample; reaches half of its peak at batch 3`."""
    words = "latency follows no straight line over three sizes" if found.shape is None else shape_words(found.shape)
    return f"{found.contender}: {words}"


def shape_words(shape: Shape) -> str:
    """Return such as `fixed cost 0.31 ms, 0.12 ms a sample; reaches half of its peak at batch 3; drops after batch 96`."""
    each = f"{duration(shape.per_sample_ns, 2)} a sample"
    parts = [f"fixed cost {duration(shape.fixed_ns, 2)}, {each}" if shape.fixed_ns > 0 else f"no fixed cost, {each}"]
    half = max(1, ceil(shape.half_batch - 0.05))
    reached = "" if half <= shape.highest else ", beyond the sizes that fit this line"
    parts.append(f"reaches half of its peak at batch {half}{reached}")
    if shape.falls_beyond is not None:
        parts.append(f"drops after batch {shape.falls_beyond}")
    return "; ".join(parts)
