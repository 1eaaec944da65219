"""Reading ONNX graphs node by node: for backends that build a model from one with the operators of their framework."""

from __future__ import annotations

from infer_compare.models.attention import Attention, AttentionFinder, Mask
from infer_compare.models.expansion import expanded
from infer_compare.models.onnx_graph import (
    DEFAULT_DOMAINS,
    Graph,
    Node,
    OpRegistry,
    open_onnx,
    read_graph,
    read_specs,
)
from infer_compare.models.onnx_windows import WindowAttributes, same_pads, window_attributes
from infer_compare.models.tensors import is_external, is_mapped, release

__all__ = [
    "DEFAULT_DOMAINS",
    "Attention",
    "AttentionFinder",
    "Graph",
    "Mask",
    "Node",
    "OpRegistry",
    "WindowAttributes",
    "expanded",
    "is_external",
    "is_mapped",
    "open_onnx",
    "read_graph",
    "read_specs",
    "release",
    "same_pads",
    "window_attributes",
]
