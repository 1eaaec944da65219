"""Live models as files, written in the process that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.backends import ModelSource
from infer_compare_tensorflow import writing
from infer_compare_tensorflow.keras_model import known_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from infer_compare.backends import TensorSpec


def save(model: object, inputs: Sequence[TensorSpec], folder: Path) -> ModelSource | None:
    """Return the `.keras` file or SavedModel folder of a model, named after its class; None for anything else.

    Raises:
        ModelError: its inputs are not known, or it cannot be saved.
        UnsupportedModel: it calls Python functions while it runs.
    """
    saved = writing.save(model, inputs, folder)
    if saved is None:
        return None
    kind, path, own = saved
    if kind == "keras":
        # The file has the model's own names, whatever the user calls its inputs.
        own = known_inputs(model)
    name = type(model).__name__
    target = path.with_name(f"{name}{path.suffix}")
    path.rename(target)
    return ModelSource(format=kind, location=str(target), name=name, inputs=tuple(own))
