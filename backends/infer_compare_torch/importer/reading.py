"""An ONNX model prepared for the walk: composed operators written out, dtypes and shapes inferred."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.backends import UnsupportedModel
from infer_compare.backends.onnx_graphs import Graph, expanded, open_onnx, read_graph
from infer_compare_torch.importer.attention_node import is_plain
from infer_compare_torch.importer.inference import Inferred, infer
from infer_compare_torch.importer.operators import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import onnx

    from infer_compare.backends import TensorSpec

KEPT: Mapping[str, Callable[[onnx.NodeProto], bool]] = {"Attention": is_plain}
"""Operators that have an import for some of their uses: which nodes these are."""


def read(model: onnx.ModelProto | Path, known: Sequence[TensorSpec] = ()) -> tuple[Graph, Mapping[str, Inferred]]:
    """Return the graph, and what is known of its values.

    Args:
        model: the model or its file.
        known: sizes of the inputs' free axes, for a file; see `open_onnx`.

    Raises:
        ModelError: the file cannot be read.
        UnsupportedModel: an operator has no import.
    """
    import onnx

    if not isinstance(model, onnx.ModelProto):
        model = open_onnx(model, known)
    model = expanded(model, REGISTRY, KEPT)
    _check_inputs(model)
    graph = read_graph(model)
    REGISTRY.check(graph)
    return graph, infer(model)


def _check_inputs(model: onnx.ModelProto) -> None:
    """Refuse inputs that are no tensors, or of which not even the rank is stated."""
    constants = {tensor.name for tensor in model.graph.initializer}
    for value in model.graph.input:
        if value.name not in constants and not value.type.tensor_type.HasField("shape"):
            raise UnsupportedModel(
                f"The model's input {value.name!r} is not a tensor with a stated number of axes; export the model with the "
                "shapes of its inputs."
            )
