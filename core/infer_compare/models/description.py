"""What `infer-compare models` tells of a model that can be asked for by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.interfaces import TensorSpec
from infer_compare.models.figures import figures
from infer_compare.models.onnx_graph import read_specs
from infer_compare.models.specs import name_batch

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
    """Builds a model and reads its size from the graph."""
    built = model.build(0)
    size = figures(built)
    inputs, outputs = name_batch(*read_specs(built))
    return Description(model.name, model.summary, inputs, outputs, size.parameters, size.flops_per_sample)
