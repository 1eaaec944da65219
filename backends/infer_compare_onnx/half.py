"""Converts models to float16 with ONNX Runtime's tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16

from infer_compare_onnx.quantization import LARGE_BYTES, excluded, weight_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from infer_compare_onnx.options import OnnxOptions


def halve(source: Path, target: Path, options: OnnxOptions) -> None:
    """Write a model with weights and activations in float16, and unchanged inputs and outputs.

    Args:
        source: the file of the model.
        target: the file to write.
        options: the options of the contender.

    Raises:
        UnsupportedModel: the options exclude nodes that do not exist.
    """
    model = onnx.load(source)
    large = weight_bytes(model) > LARGE_BYTES
    converted = convert_float_to_float16(
        model,
        keep_io_types=True,
        # Shape inference of a model of more than 2 GiB works only on files; only types are needed here.
        disable_shape_infer=large,
        op_block_list=DEFAULT_OP_BLOCK_LIST,
        node_block_list=excluded(model, options.exclude),
    )
    onnx.save(converted, target, save_as_external_data=large, location=f"{target.name}.data")
