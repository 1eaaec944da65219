"""Quantises models to 8-bit integers with ONNX Runtime's tools."""

from __future__ import annotations

import platform
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from infer_compare.backends import UnsupportedModel, described

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.backends import Batch
    from infer_compare_onnx.options import OnnxOptions

WEIGHTED = ("Conv", "ConvTranspose", "Gemm", "MatMul")
"""Operators with weights, which do most of a model's work."""
PASSING = (
    "AveragePool",
    "Clip",
    "Flatten",
    "MaxPool",
    "Relu",
    "Reshape",
    "Resize",
    "Squeeze",
    "Transpose",
    "Unsqueeze",
)
"""Operators that pass 8-bit numbers on without further rounding. Operators in neither list stay float32: normalisations,
softmax, nonlinear activations, and sums of residual connections, where rounding costs most accuracy and gains least speed."""
DYNAMIC = ("Attention", "EmbedLayerNormalization", "Gather", "Gemm", "LSTM", "MatMul", "Transpose")
"""Operators of dynamic int8; convolutions are slower in it than in float32."""
LEAST_OPSET = 13
"""The first opset with a scale for each channel of weights."""
LARGE_BYTES = 3 << 29
"""Bytes from which a model's weights are written to a separate file, since a protobuf message is limited to 2 GiB."""
METHODS = {
    "minmax": CalibrationMethod.MinMax,
    "entropy": CalibrationMethod.Entropy,
    "percentile": CalibrationMethod.Percentile,
}


def is_convolutional(model: onnx.ModelProto) -> bool:
    """Return whether convolutions are at least half of the operators with weights."""
    weights = {tensor.name for tensor in model.graph.initializer}
    convolutions = products = 0
    for node in model.graph.node:
        if node.op_type in {"Conv", "ConvTranspose"}:
            convolutions += 1
        elif node.op_type == "Gemm" or (node.op_type == "MatMul" and weights.intersection(node.input)):
            products += 1
    return convolutions > 0 and convolutions >= products


def quantize(source: Path, target: Path, options: OnnxOptions, *, static: bool, calibration: Sequence[Batch]) -> None:
    """Write a model quantised to 8-bit integers.

    Args:
        source: the file of the model.
        target: the file to write.
        options: the options of the contender.
        static: whether the ranges of activations are calibrated.
        calibration: batches to calibrate them with.

    Raises:
        UnsupportedModel: its opset is too old and cannot be raised.
    """
    with tempfile.TemporaryDirectory(dir=target.parent) as work:
        prepared = _prepared(source, Path(work))
        large = prepared.stat().st_size + _beside(prepared) > LARGE_BYTES
        model = onnx.load(prepared, load_external_data=False)
        kept = excluded(model, options.exclude)
        common: dict[str, Any] = {
            "per_channel": options.per_channel,
            "weight_type": _weight_type(options),
            "nodes_to_exclude": kept,
            "use_external_data_format": large,
        }
        if not static:
            # Tensors whose type cannot be inferred are taken as floats.
            extra = {"DefaultTensorType": onnx.TensorProto.FLOAT}
            quantize_dynamic(prepared, target, op_types_to_quantize=list(DYNAMIC), extra_options=extra, **common)
            return
        common["nodes_to_exclude"] = [*kept, *_between_activations(model)]
        quantize_static(
            prepared,
            target,
            _Rows(model, calibration),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=[*WEIGHTED, *PASSING],
            activation_type=QuantType.QUInt8,
            calibrate_method=METHODS[options.calibration],
            # The output of a matrix product goes to a sum or is the model's output: quantising it gains nothing, and a
            # calibrated range would cut off larger outputs.
            extra_options={"OpTypesToExcludeOutputQuantization": ["Gemm", "MatMul"]},
            **common,
        )


def _prepared(source: Path, work: Path) -> Path:
    """Return the model as the tools need it: of an opset that they know, with constants folded and shapes inferred.

    Raises:
        UnsupportedModel: its opset is too old and cannot be raised.
    """
    model = onnx.load(source)
    opset = next((entry.version for entry in model.opset_import if entry.domain in {"", "ai.onnx"}), 1)
    if opset < LEAST_OPSET:
        try:
            model = onnx.version_converter.convert_version(model, LEAST_OPSET)
        except Exception as error:
            raise UnsupportedModel(
                f"int8 needs opset {LEAST_OPSET}, and {source} has opset {opset}, which cannot be raised "
                f"({described(error)}); export it with a newer opset."
            ) from error
    # The tools transpose weights, which invalidates the recorded shapes.
    weights = {tensor.name for tensor in model.graph.initializer}
    stated = [value for value in model.graph.value_info if value.name not in weights]
    del model.graph.value_info[:]
    model.graph.value_info.extend(stated)
    size = weight_bytes(model)
    plain, prepared = work / "plain.onnx", work / "prepared.onnx"
    onnx.save(model, plain, save_as_external_data=size > LARGE_BYTES, location="plain.data")
    del model
    for skip in (False, True):
        # If a step fails for any reason, the model is quantised without it.
        with suppress(Exception):
            quant_pre_process(
                str(plain),
                str(prepared),
                skip_symbolic_shape=True,
                skip_optimization=skip,
                save_as_external_data=size > LARGE_BYTES,
                all_tensors_to_one_file=True,
                external_data_location="prepared.data",
            )
            return prepared
    return plain


def weight_bytes(model: onnx.ModelProto) -> int:
    """Return the bytes of a model's loaded weights."""
    return sum(map(_bytes, model.graph.initializer))


def _bytes(tensor: onnx.TensorProto) -> int:
    return len(tensor.raw_data) or 4 * (len(tensor.float_data) or len(tensor.int32_data) or 2 * len(tensor.int64_data))


def _beside(path: Path) -> int:
    """Return bytes of the weights that lie beside a file."""
    return sum(file.stat().st_size for file in path.parent.glob(f"{path.stem}.data*"))


def excluded(model: onnx.ModelProto, exclude: str) -> list[str]:
    """Return the names of the nodes that are not quantised.

    Raises:
        UnsupportedModel: no node has such a type or name.
    """
    words = {word.strip() for word in exclude.split("+")} - {"", "none"}
    nodes = model.graph.node
    unknown = words - {node.op_type for node in nodes} - {node.name for node in nodes}
    if unknown:
        types = ", ".join(sorted({node.op_type for node in nodes}))
        raise UnsupportedModel(f"exclude={exclude}: no node is called {min(unknown)}; there are nodes of {types}.")
    return [node.name for node in nodes if node.op_type in words or node.name in words]


def _between_activations(model: onnx.ModelProto) -> list[str]:
    """Return the names of matrix products without weights, as those of attention: softmax and its input stay float32."""
    weights = {tensor.name for tensor in model.graph.initializer}
    return [
        node.name for node in model.graph.node if node.op_type in {"Gemm", "MatMul"} and not weights & {*node.input[:2]}
    ]


def _weight_type(options: OnnxOptions) -> QuantType:
    signed = {"int8": True, "uint8": False}.get(options.weight_type, not (options.per_channel and saturates()))
    return QuantType.QInt8 if signed else QuantType.QUInt8


def saturates() -> bool:
    """Return whether sums of products of `uint8` and `int8` saturate at 16 bits on this machine: x86 without VNNI."""
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        return False
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    return "vnni" not in flags


class _Rows(CalibrationDataReader):  # type: ignore[misc]
    """Batches for ONNX Runtime's calibration."""

    def __init__(self, model: onnx.ModelProto, batches: Sequence[Batch]) -> None:
        weights = {tensor.name for tensor in model.graph.initializer}
        names = [value.name for value in model.graph.input if value.name not in weights]
        self._next: Iterator[dict[str, Any]] = (dict(zip(names, batch, strict=True)) for batch in batches)

    def get_next(self) -> dict[str, Any] | None:
        """Return the next batch by the names of the inputs; None after the last."""
        return next(self._next, None)
