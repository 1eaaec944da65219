"""Makes the fixed batch axis of a model free, if the result can be proved correct."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.models.batch_proof import ROWS, prove
from infer_compare.models.batch_rewrite import Unproved, with_free_batch
from infer_compare.models.onnx_graph import read_specs

if TYPE_CHECKING:
    from pathlib import Path

    import onnx

__all__ = ["Unproved", "note", "rebatch", "write_rebatched"]


def rebatch(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy of a model with a fixed batch size that takes any number of rows.

    Args:
        model: a model with its weights, whose inputs all have the same fixed first axis.

    Raises:
        Unproved: there are free axes or first axes of several sizes, the model cannot be rewritten, or the rewritten model
            does not compute the same outputs for every row.
    """
    inputs, _ = read_specs(model)
    for spec in inputs:
        free = [size for size in spec.shape[1:] if isinstance(size, str)]
        if free:
            raise Unproved(f"the axis {free[0]!r} of its input {spec.name!r} is free already")
    sizes = {spec.shape[0] for spec in inputs}
    if len(sizes) > 1:
        raise Unproved(f"the first axes of its inputs have the sizes {', '.join(map(str, sorted(sizes, key=str)))}")
    (fixed,) = sizes
    assert isinstance(fixed, int)
    changed = with_free_batch(model, fixed)
    prove(model, changed, fixed)
    return changed


def note(fixed: int) -> str:
    """Return the warning about a model that was rewritten."""
    return f"The batch axis was fixed at {fixed}; it was made free and checked on {ROWS} rows."


def write_rebatched(model: onnx.ModelProto, folder: Path, name: str) -> Path:
    """Write a rewritten model into a folder and return its path.

    Raises:
        Unproved: the model is too large for one file.
    """
    from google.protobuf.message import EncodeError  # type: ignore[import-untyped]

    try:
        data: bytes = model.SerializeToString(deterministic=True)
    except (EncodeError, ValueError) as error:
        raise Unproved("with its weights it is too large for one file") from error
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-free-batch.onnx"
    # Workers may have an earlier file of this name open.
    written = path.with_suffix(".writing")
    written.write_bytes(data)
    written.replace(path)
    return path
