"""Reads ONNX graphs node by node, for backends that rebuild a model with the operators of their framework."""

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
from infer_compare.models.onnx_recurrent import (
    ALPHA,
    USUAL_ACTIVATIONS,
    RecurrentActivation,
    activation_names,
    directions_of,
    recurrent_activations,
)
from infer_compare.models.onnx_resize import (
    ResizeAttributes,
    ResizedAxis,
    early_resize_attributes,
    resize_attributes,
    rounding_of,
    source_positions,
)
from infer_compare.models.onnx_windows import WindowAttributes, same_pads, window_attributes
from infer_compare.models.tensors import is_external, is_mapped, release

__all__ = [
    "ALPHA",
    "DEFAULT_DOMAINS",
    "USUAL_ACTIVATIONS",
    "Attention",
    "AttentionFinder",
    "Graph",
    "Mask",
    "Node",
    "OpRegistry",
    "RecurrentActivation",
    "ResizeAttributes",
    "ResizedAxis",
    "WindowAttributes",
    "activation_names",
    "directions_of",
    "early_resize_attributes",
    "expanded",
    "is_external",
    "is_mapped",
    "open_onnx",
    "read_graph",
    "read_specs",
    "recurrent_activations",
    "release",
    "resize_attributes",
    "rounding_of",
    "same_pads",
    "source_positions",
    "window_attributes",
]
