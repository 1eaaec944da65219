"""Models in float16, made by ONNX Runtime's own tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16

from infer_compare_onnx.quantization import LARGE_BYTES, excluded, weight_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from infer_compare_onnx.options import OnnxOptions


def halve(source: Path, target: Path, options: OnnxOptions) -> None:
    """Write a model whose weights and activations are float16, and whose inputs and outputs are as they were.

    Args:
        source: the file of the model.
        target: the file to write.
        options: of the contender.

    Raises:
        UnsupportedModel: it excludes nodes that there are not.
    """
    model = onnx.load(source)
    large = weight_bytes(model) > LARGE_BYTES
    converted = convert_float_to_float16(
        model,
        keep_io_types=True,
        # Shapes of a model of more than 2 GiB are inferred from files alone; only types are needed here.
        disable_shape_infer=large,
        op_block_list=DEFAULT_OP_BLOCK_LIST,
        node_block_list=excluded(model, options.exclude),
    )
    onnx.save(converted, target, save_as_external_data=large, location=f"{target.name}.data")
