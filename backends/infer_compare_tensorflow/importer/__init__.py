"""ONNX rendered with TensorFlow's operators: one walk over the nodes while a `tf.function` is traced.

Values are held in four forms (see `values`): numpy arrays fold while tracing, `Dims` are shapes with free axes,
`ChannelsLast` are images that stay in TensorFlow's own layout from one convolution to the next, and everything
else is a tensor. Operators are registered by ONNX schema version (see `registry`), by noun:

- `dims`, `shape`, `indexing`, `slicing`, `generation`: shapes and the movement of elements
- `elementwise`, `arithmetic`, `activation`, `reduction`, `matrix`: arithmetic
- `convolution`, `pooling`, `normalization`, `resize`, `recurrent`, `quantization`: layers
- `signal`, `sampling`, `detection`, `losses`: what some models have before or behind their layers
- `control`: branches, loops and scans
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.backends.onnx_graphs import expanded, open_onnx, read_graph
from infer_compare_tensorflow.importer import (  # noqa: F401 - each fills the table of operators
    activation,
    arithmetic,
    control,
    convolution,
    detection,
    dims,
    elementwise,
    generation,
    indexing,
    losses,
    matrix,
    normalization,
    pooling,
    quantization,
    recurrent,
    reduction,
    resize,
    sampling,
    shape,
    signal,
    slicing,
)
from infer_compare_tensorflow.importer.program import Program
from infer_compare_tensorflow.importer.registry import OPERATORS
from infer_compare_tensorflow.importer.target import Target

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import onnx

    from infer_compare.backends import TensorSpec

__all__ = ["OPERATORS", "Program", "Target", "import_onnx"]


def import_onnx(model: onnx.ModelProto | Path, known: Sequence[TensorSpec] = ()) -> Program:
    """Read a model and look up every operator; tracing comes later, on the device.

    Args:
        model: the model or its file.
        known: sizes of the inputs' free axes, for a file; see `open_onnx`.

    Raises:
        UnsupportedModel: an operator (named with its node and opset) has no import.
        ModelError: the file cannot be read.
    """
    import onnx

    if not isinstance(model, onnx.ModelProto):
        model = open_onnx(model, known)
    return Program(read_graph(expanded(model, OPERATORS)))
