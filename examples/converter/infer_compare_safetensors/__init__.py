"""Perceptrons whose weights are a safetensors file, as models of infer-compare.

Importing this module loads neither numpy nor onnx; they are loaded in the process that converts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare import hookimpl
from infer_compare.backends import Converter

if TYPE_CHECKING:
    from pathlib import Path

    from infer_compare.backends import ModelSource

__all__ = ["infer_compare_converters", "to_onnx"]


def to_onnx(model: ModelSource, target: Path) -> None:
    """Write the perceptron as an ONNX file.

    Raises:
        ModelError: the file is no safetensors file, or its tensors are not those of a perceptron.
    """
    import onnx

    from infer_compare_safetensors.perceptron import graph, layers
    from infer_compare_safetensors.reading import read

    contents = read(model.path)
    onnx.save(graph(layers(contents, model.path), contents.metadata.get("activation", "relu"), model.path), target)


@hookimpl
def infer_compare_converters() -> list[Converter]:
    """Register the conversion from safetensors to ONNX, and the file suffix."""
    return [
        Converter(
            source="safetensors",
            target="onnx",
            convert=to_onnx,
            requires=("numpy", "onnx"),
            suffixes=(".safetensors",),
        )
    ]
