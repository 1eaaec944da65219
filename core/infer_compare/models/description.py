"""Descriptions of named models for `infer-compare models`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.errors import ModelError
from infer_compare.interfaces import TensorSpec
from infer_compare.models.builtin import size_of
from infer_compare.models.figures import figures
from infer_compare.models.given import declared
from infer_compare.models.onnx_graph import read_specs
from infer_compare.models.source import build_model
from infer_compare.models.specs import name_batch
from infer_compare.plugins.guard import PluginFailed, guarded

if TYPE_CHECKING:
    from infer_compare.interfaces import BuiltinModel


class Description(msgspec.Struct, frozen=True):
    """Name, inputs and size of a model."""

    name: str
    summary: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    parameters: int
    flops_per_sample: int | None


def describe(model: BuiltinModel) -> Description:
    """Return the description of a model: from a table for built-in models, else from its graph.

    Raises:
        ModelError: the model cannot be built, or its graph cannot be read.
    """
    if (known := size_of(model)) is not None:
        inputs, outputs = declared(known.inputs)[0], declared(known.outputs)[0]
        return Description(model.name, model.summary, inputs, outputs, known.parameters, known.flops_per_sample)
    return measured(model)


def measured(model: BuiltinModel) -> Description:
    """Build a model and read its size from the graph; errors as `describe`."""
    built = build_model(model, 0)
    try:
        with guarded(f"reading the model {model.name}", passing=(ModelError,)):
            size = figures(built)
            inputs, outputs = name_batch(*read_specs(built))
    except PluginFailed as failure:
        raise ModelError(f"The graph of the model {model.name!r} cannot be read ({failure}).") from failure
    return Description(model.name, model.summary, inputs, outputs, size.parameters, size.flops_per_sample)
