"""A `.tflite` file: its inputs and outputs, which of its sizes can change, and what it computes in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from infer_compare.backends import BATCH, ModelError, TensorSpec, UnsupportedModel, name_batch, precision_of, unnamed
from infer_compare_litert.failures import explain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from infer_compare.backends import Array

HEAVY = frozenset(
    {
        "CONV_2D", "CONV_3D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED", "BATCH_MATMUL", "LSTM",
        "UNIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_LSTM",
    }
)  # fmt: skip
"""The operators in which a model spends its time."""
WHOLE_NUMBERS = ("int8", "uint8", "int16")
PLACE = re.compile(r"infer_compare_(?:input|output)_\d+")
"""Names that number the inputs and outputs of a converted model."""


class Tensor(NamedTuple):
    """An input or output of the file."""

    place: int
    """The index of the tensor in the interpreter."""
    name: str
    dtype: str
    """The dtype in the file."""
    shape: tuple[int, ...]
    """The sizes of the axes; -1 for a free axis."""
    scale: float
    """The scale of a quantized tensor, which stands for `scale * (value - zero)`; 0 for any other."""
    zero: int

    @property
    def spec(self) -> TensorSpec:
        """The spec for callers: a quantized tensor is float32, for which it stands."""
        sizes = (unnamed(axis) if size < 0 else size for axis, size in enumerate(self.shape))
        return TensorSpec(self.name, "float32" if self.scale else self.dtype, tuple(sizes))

    def stored(self, array: Array) -> Array:
        """Return float32 values as the file stores them."""
        if not self.scale:
            return array
        limits = np.iinfo(self.dtype)
        quantized = np.rint(array / np.float32(self.scale)) + self.zero
        clipped: Array = np.clip(quantized, limits.min, limits.max).astype(self.dtype)
        return clipped

    def read(self, array: Array) -> Array:
        """Return the float32 values that stored values stand for."""
        if not self.scale:
            return array
        return (array.astype(np.float32) - np.float32(self.zero)) * np.float32(self.scale)


class ModelFile(NamedTuple):
    """The description of a `.tflite` file."""

    path: Path
    arguments: tuple[Tensor, ...]
    results: tuple[Tensor, ...]
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    precision: str
    quantization: str
    """How weights and activations are quantized: `full`, `weights` or nothing."""
    parameters: int


def open_model(path: Path, known: Sequence[TensorSpec] = ()) -> ModelFile:
    """Look through a file.

    Args:
        path: of a `.tflite` file.
        known: the specs of the inputs; empty to take those of the file.

    Raises:
        UnsupportedModel: LiteRT lacks an operator or a type.
        ModelError: the file is missing, or not a valid model.
    """
    if not path.is_file():
        raise ModelError(f"There is no model file {path}.")
    interpreter = opened(path)
    details = interpreter.get_input_details(), interpreter.get_output_details()
    names = _signature_names(interpreter)
    arguments, results = (
        _in_order(_tensor(path, detail, names[role]) for detail in side)
        for role, side in zip(("inputs", "outputs"), details, strict=True)
    )
    if not arguments:
        raise ModelError(f"{path} has no inputs, so there is no batch.")
    inputs: Sequence[TensorSpec]
    outputs: Sequence[TensorSpec]
    inputs, outputs = name_batch([argument.spec for argument in arguments], [result.spec for result in results])
    if not any(BATCH in spec.shape for spec in inputs) and _resizes(path, arguments, results):
        inputs, outputs = ([_batched(spec) for spec in specs] for specs in (inputs, outputs))
    # Free axes have no names in the file; the caller knows them, and the sizes that were chosen for them.
    if len(known) == len(inputs):
        inputs = known
    precision, quantization = _computing(interpreter)
    return ModelFile(
        path,
        arguments,
        results,
        tuple(inputs),
        tuple(outputs),
        precision or precision_of((*inputs, *outputs)),
        quantization,
        _parameters(interpreter),
    )


def opened(path: Path, *, threads: int = 1, xnnpack: bool = False) -> Any:  # noqa: ANN401 - LiteRT is untyped
    """Return an interpreter of a file.

    Raises:
        UnsupportedModel: LiteRT lacks an operator.
        ModelError: the file is not a valid model.
    """
    resolver = OpResolverType.AUTO if xnnpack else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    try:
        return Interpreter(str(path), num_threads=threads, experimental_op_resolver_type=resolver)
    except (RuntimeError, ValueError) as error:
        explained = explain(error, path)
        if explained is None:
            raise
        raise explained from error


def _signature_names(interpreter: Any) -> dict[str, Mapping[int, str]]:  # noqa: ANN401 - as above
    """Return the author's names of inputs and outputs, by tensor; empty if the file has no signature, or several."""
    if len(interpreter.get_signature_list()) != 1:
        return {"inputs": {}, "outputs": {}}
    runner = interpreter.get_signature_runner()
    sides = {"inputs": runner.get_input_details(), "outputs": runner.get_output_details()}
    return {role: {detail["index"]: name for name, detail in side.items()} for role, side in sides.items()}


def _tensor(path: Path, detail: Mapping[str, Any], names: Mapping[int, str]) -> Tensor:
    dtype = np.dtype(detail["dtype"])
    if dtype.kind not in "biuf":
        raise UnsupportedModel(f"The tensor {detail['name']!r} of {path} is no tensor of numbers.")
    scale, zero = detail["quantization"]
    signature = detail["shape_signature"]
    return Tensor(
        place=int(detail["index"]),
        name=names.get(detail["index"]) or str(detail["name"]).partition(":")[0],
        dtype=dtype.name,
        shape=tuple(map(int, signature if len(signature) else detail["shape"])),
        scale=float(scale) if dtype.name in WHOLE_NUMBERS else 0.0,
        zero=int(zero),
    )


def _in_order(tensors: Any) -> tuple[Tensor, ...]:  # noqa: ANN401 - an iterable of tensors
    """Return tensors in the order of the numbers in their names, or else in that of the file.

    TensorFlow's converter may change the order.
    """
    arguments = tuple(tensors)
    numbered = all(PLACE.fullmatch(argument.name) for argument in arguments)
    return tuple(sorted(arguments, key=lambda argument: argument.name)) if numbered else arguments


def _resizes(path: Path, arguments: Sequence[Tensor], results: Sequence[Tensor]) -> bool:
    """Return whether all first axes follow those of the inputs; most files for one sample can be resized to any number."""
    if not all(
        argument.shape and argument.shape[0] == arguments[0].shape[0] > 0 for argument in (*arguments, *results)
    ):
        return False
    for size in (2, 3):
        interpreter = opened(path)
        try:
            for argument in arguments:
                interpreter.resize_tensor_input(argument.place, (size, *argument.shape[1:]))
            interpreter.allocate_tensors()
        except (RuntimeError, ValueError):
            return False
        if any(detail["shape"][0] != size for detail in interpreter.get_output_details()):
            return False
    return True


def _batched(spec: TensorSpec) -> TensorSpec:
    return TensorSpec(spec.name, spec.dtype, (BATCH, *spec.shape[1:]))


def _parameters(interpreter: Any) -> int:  # noqa: ANN401 - as above
    """Return the number of elements of the weights: tensors that are not inputs, results of operators or sizes."""
    operators = interpreter._get_ops_details()  # noqa: SLF001 - there is no public way to it
    written = {int(index) for operator in operators for index in operator["outputs"]}
    read = {int(index) for operator in operators for index in operator["inputs"] if index >= 0}
    constant = read - written - {int(tensor["index"]) for tensor in interpreter.get_input_details()}
    return sum(
        int(np.prod(tensor["shape"]))
        for tensor in interpreter.get_tensor_details()
        if tensor["index"] in constant
        and (np.dtype(tensor["dtype"]).kind == "f" or len(tensor["quantization_parameters"]["scales"]))
    )


def _computing(interpreter: Any) -> tuple[str, str]:  # noqa: ANN401 - as above
    """Return the precision of the convolutions and products, and how they are quantized; empty if there are none."""
    seen: set[tuple[str, str]] = set()
    for operator in interpreter._get_ops_details():  # noqa: SLF001 - as above
        if operator["op_name"] in HEAVY:
            activations, weights = (np.dtype(kind).name for kind in operator["operand_types"][:2])
            seen.add((activations, weights))
    if any(activations in WHOLE_NUMBERS for activations, _ in seen):
        return "int8", "full"
    if any(weights in WHOLE_NUMBERS for _, weights in seen):
        return "int8", "weights"
    return next((activations for activations, _ in sorted(seen)), ""), ""
