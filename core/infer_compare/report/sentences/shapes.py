"""The shape of a latency curve in a sentence."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from infer_compare.stats.wording import duration

if TYPE_CHECKING:
    from infer_compare.stats.shape import Shape
    from infer_compare.verdicts import ContenderShape


def shape_sentence(shape: ContenderShape) -> str:
    """Return the sentence, such as `onnx: fixed cost 0.31 ms, 0.12 ms a sample; reaches half of its peak at batch 3`."""
    words = "latency follows no straight line over three sizes" if shape.shape is None else shape_words(shape.shape)
    return f"{shape.contender}: {words}"


def shape_words(shape: Shape) -> str:
    """Return the words, such as `fixed cost 0.31 ms, 0.12 ms a sample; reaches half of its peak at batch 3`."""
    each = f"{duration(shape.per_sample_ns, 2)} a sample"
    parts = [f"fixed cost {duration(shape.fixed_ns, 2)}, {each}" if shape.fixed_ns > 0 else f"no fixed cost, {each}"]
    half = max(1, ceil(shape.half_batch - 0.05))
    reached = "" if half <= shape.highest else ", beyond the sizes that fit this line"
    parts.append(f"reaches half of its peak at batch {half}{reached}")
    if shape.falls_beyond is not None:
        parts.append(f"drops after batch {shape.falls_beyond}")
    return "; ".join(parts)
