"""ONNX's own operator for attention, as torch's function."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from infer_compare.backends import UnsupportedModel
from infer_compare_torch.importer.elementwise import cast
from infer_compare_torch.importer.registry import operator
from infer_compare_torch.importer.values import Value, dtype_of, rank_of, shape_of

if TYPE_CHECKING:
    import onnx

    from infer_compare.backends.onnx_graphs import Node
    from infer_compare_torch.importer.builder import Builder
    from infer_compare_torch.importer.values import Tensorial


def is_plain(node: onnx.NodeProto) -> bool:
    """Return whether torch's function does all that the node asks for; ONNX's definition is imported in the place of any other.

    Earlier keys, the scores as an output, a cap on them, another precision for the softmax, and a mask beside the triangle
    are more than it does.
    """
    attributes = {attribute.name: attribute for attribute in node.attribute}
    capped = "softcap" in attributes and attributes["softcap"].f != 0
    causal = "is_causal" in attributes and attributes["is_causal"].i != 0
    masked = len(node.input) > 3 and bool(node.input[3])
    return not (
        any(node.input[4:])
        or any(node.output[1:])
        or capped
        or "softmax_precision" in attributes
        or (causal and masked)
    )


@operator("Attention", 23)
def _attention(
    builder: Builder, node: Node, query: Tensorial, key: Tensorial, value: Tensorial, mask: Tensorial | None = None
) -> Value:
    rank, attributes = rank_of(query), node.attributes
    if rank not in {3, 4}:
        raise UnsupportedModel(f"ONNX operator {node} takes a query of which not even the number of axes is known.")
    if rank == 3:
        heads = [attributes["q_num_heads"], attributes["kv_num_heads"]]
        query = _split(builder, query, heads[0])
        key, value = (_split(builder, tensor, heads[1]) for tensor in (key, value))
    else:
        heads = [(shape_of(tensor) or (None, None))[1] for tensor in (query, key)]
    named: dict[str, object] = {"scale": attributes["scale"]} if "scale" in attributes else {}
    if mask is not None:
        if dtype_of(mask) != torch.bool:
            dtype = dtype_of(query)
            mask = builder.tensor(cast(builder, mask, dtype)) if dtype is not None else mask
        # A query that is left no key gets zeros, by the operator as by the function.
        named["attn_mask"] = builder.emit("unsqueeze", mask, 0) if rank_of(mask) == 3 else mask
    if attributes.get("is_causal", 0):
        named["is_causal"] = True
    if heads[0] is None or heads[0] != heads[1]:
        named["enable_gqa"] = True
    made = builder.emit(functional.scaled_dot_product_attention, query, key, value, **named)
    return builder.emit("flatten", builder.emit("transpose", made, 1, 2), 2) if rank == 3 else made


def _split(builder: Builder, tensor: Tensorial, heads: int) -> Tensorial:
    """Return a tensor [batch, tokens, heads times width] as [batch, heads, tokens, width]."""
    return builder.emit("transpose", builder.emit("unflatten", tensor, -1, (heads, -1)), 1, 2)
