"""Sampling of images and volumes at given coordinates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

from infer_compare.backends import UnsupportedModel
from infer_compare_torch.importer.registry import operator
from infer_compare_torch.importer.values import Value, rank_of

if TYPE_CHECKING:
    from infer_compare.backends.onnx_graphs import Node
    from infer_compare_torch.importer.builder import Builder

SAMPLING = {
    "bilinear": "bilinear",
    "linear": "bilinear",
    "bicubic": "bicubic",
    "cubic": "bicubic",
    "nearest": "nearest",
}


@operator("GridSample", 16, 20, 22)
def _grid_sample(builder: Builder, node: Node, value: Value, grid: Value) -> Value:
    mode = SAMPLING[node.attributes.get("mode", "linear")]
    if rank_of(value) not in ({4} if mode == "bicubic" else {4, 5}):
        raise UnsupportedModel(f"ONNX operator {node} samples by {mode} where torch's own does not.")
    padding = node.attributes.get("padding_mode", "zeros")
    corners = bool(node.attributes.get("align_corners", 0))
    return builder.emit(functional.grid_sample, value, grid, mode, padding, corners)


@operator("AffineGrid", 20, host=True)
def _affine_grid(builder: Builder, node: Node, theta: Value, size: Value) -> Value:
    # The function that the standard gives for it drops the batch axis of a single sample.
    corners = bool(node.attributes.get("align_corners", 0))
    return builder.emit(functional.affine_grid, builder.tensor(theta), builder.ints(size), corners)
