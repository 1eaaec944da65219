"""The built-in models as cases, without outputs, which another backend computes."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from infer_compare.models.builtin import builtin_models
from infer_compare.models.fill_text import parse_fill
from infer_compare.models.fills import METADATA_KEY, FromFile, Normal
from infer_compare.testing.coverage.case import Case

if TYPE_CHECKING:
    import onnx

    from infer_compare.interfaces.backend import Array

SEED = 0
ROWS = 4
"""Rows of each batch."""


def model_case(name: str) -> Case:
    """Return a built-in model with a batch of inputs."""
    model: onnx.ModelProto = builtin_models()[name].build(SEED)
    return Case(name, name, "model", model, [_draw(model, value) for value in model.graph.input], ())


def _draw(model: onnx.ModelProto, value: onnx.ValueInfoProto) -> Array:
    import numpy as np
    from onnx import helper

    texts = {entry.key: entry.value for entry in model.metadata_props}
    fill = parse_fill(texts[METADATA_KEY + value.name]) if METADATA_KEY + value.name in texts else Normal(0.0, 1.0)
    assert not isinstance(fill, FromFile)
    shape = (ROWS, *(axis.dim_value for axis in value.type.tensor_type.shape.dim[1:]))
    rng = np.random.default_rng(zlib.crc32(value.name.encode()))
    return fill.draw(rng, shape, helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type).name)
