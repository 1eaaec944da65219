"""Converts the model of a run to the requested precision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import onnx

from infer_compare.backends import ModelError, UnsupportedModel, VariantPlan, described
from infer_compare_onnx.graph_precision import precision_of_graph

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from infer_compare.backends import Batch, ModelSource
    from infer_compare_onnx.options import OnnxOptions


def plan(model: ModelSource, precision: str, options: OnnxOptions) -> VariantPlan | None:
    """Return the plan of the conversion; None if the model already computes in this precision.

    Raises:
        UnsupportedModel: the model computes in a precision other than float32, which cannot be converted.
        ModelError: the model cannot be read.
    """
    stated = precision_of_graph(model.path) or "float32"
    if stated == precision:
        return None
    if stated != "float32":
        raise UnsupportedModel(f"{model.path} computes in {stated}; precision={precision} needs the model in float32.")
    if precision == "float16":
        return VariantPlan(text="float16")
    static = _is_static(model, options)
    words = ["static" if static else "dynamic", *(["per channel"] if options.per_channel else [])]
    return VariantPlan(text=f"{precision} ({', '.join(words)})", rows=options.calibration_rows if static else 0)


def write(
    model: ModelSource, precision: str, options: OnnxOptions, calibration: Sequence[Batch], folder: Path
) -> ModelSource:
    """Write a model in another precision, and return its source.

    Raises:
        UnsupportedModel: nothing in the model can be computed in this precision.
        ModelError: ONNX Runtime's tool fails.
    """
    target = folder / "model.onnx"
    try:
        if precision == "float16":
            from infer_compare_onnx.half import halve

            halve(model.path, target, options)
        else:
            from infer_compare_onnx.quantization import quantize

            quantize(model.path, target, options, static=_is_static(model, options), calibration=calibration)
    except (ModelError, MemoryError):
        raise
    except Exception as error:
        raise ModelError(f"ONNX Runtime cannot make {model.name} {precision} ({described(error)}).") from error
    if precision_of_graph(target) != precision:
        raise UnsupportedModel(
            f"Nothing in {model.name} can be computed in {precision}: it has no operator with weights of which ONNX Runtime "
            "has such a kernel."
        )
    return msgspec.structs.replace(model, location=str(target))


def _is_static(model: ModelSource, options: OnnxOptions) -> bool:
    if options.quantization != "auto":
        return options.quantization == "static"
    from infer_compare_onnx.quantization import is_convolutional

    return is_convolutional(onnx.load(model.path, load_external_data=False))
