"""Classifies a model by its main operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx

    from infer_compare.results import ModelKind

RECURRENT = frozenset({"LSTM", "GRU", "RNN"})
ATTENTION = frozenset({"Attention", "MultiHeadAttention", "GroupQueryAttention"})
PASSING = frozenset({"Cast", "Dropout", "Identity", "Where", "Mul", "Reshape", "Transpose"})
"""Operators that may be between the weights of an attention and their product with the values."""
STEPS = 4


def kind_of(model: onnx.ModelProto) -> ModelKind:
    """Return the kind of a model: the first of `recurrent`, `attention` and `convolution` that it contains, else `other`.

    Attention is an attention operator, or a Softmax whose output goes into a matrix product.
    """
    nodes = list(model.graph.node)
    operators = {node.op_type for node in nodes}
    if operators & RECURRENT:
        return "recurrent"
    readers: dict[str, list[onnx.NodeProto]] = {}
    for node in nodes:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    softmaxes = [node for node in nodes if node.op_type == "Softmax"]
    if operators & ATTENTION or any(_multiplies(node, readers, STEPS) for node in softmaxes):
        return "attention"
    return "convolution" if "Conv" in operators else "other"


def _multiplies(node: onnx.NodeProto, readers: dict[str, list[onnx.NodeProto]], steps: int) -> bool:
    """Return whether the output of a node goes into a matrix product."""
    following = [reader for name in node.output for reader in readers.get(name, ())]
    return any(
        reader.op_type in {"MatMul", "Einsum"}
        or (steps > 0 and reader.op_type in PASSING and _multiplies(reader, readers, steps - 1))
        for reader in following
    )
