"""Changed copies of ONNX models, made by a seed: what the comparison of outputs must notice."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import onnx
from onnx import helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Callable

Rng = np.random.Generator


class Mutant(NamedTuple):
    """A model that computes something else, more or less."""

    kind: str
    model: onnx.ModelProto


def mutants(model: onnx.ModelProto, count: int, seed: int) -> list[Mutant]:
    """Return changed copies of a model; every kind that its graph allows takes its turn, at places chosen by the seed."""
    rng = np.random.default_rng(seed)
    makers = [maker for maker in MAKERS if maker(_copy(model), np.random.default_rng(0)) is not None]
    made = []
    for number in range(count):
        maker = makers[number % len(makers)]
        copy = _copy(model)
        kind = maker(copy, rng)
        assert kind is not None
        made.append(Mutant(kind, copy))
    return made


def in_double(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the model with its floating values in double precision, for the evaluator of the `onnx` package."""
    copy = _copy(model)
    single, double = onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE
    for value in (*copy.graph.input, *copy.graph.output):
        if value.type.tensor_type.elem_type == single:
            value.type.tensor_type.elem_type = double
    del copy.graph.value_info[:]
    for tensor in copy.graph.initializer:
        if tensor.data_type == single:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float64), tensor.name))
    for node in copy.graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR and attribute.t.data_type == single:
                attribute.t.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(attribute.t).astype(np.float64)))
            if node.op_type == "Cast" and attribute.name == "to" and attribute.i == single:
                attribute.i = double
    return copy


def _copy(model: onnx.ModelProto) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return copy


def _weights(model: onnx.ModelProto, *, scalars: bool = False) -> list[onnx.TensorProto]:
    return [
        one
        for one in model.graph.initializer
        if one.data_type == onnx.TensorProto.FLOAT and (np.prod(one.dims) == 1) == scalars and any(one.raw_data)
    ]


def _change(tensor: onnx.TensorProto, change: Callable[[np.ndarray], np.ndarray]) -> None:
    value = change(numpy_helper.to_array(tensor).copy()).astype(np.float32)
    tensor.CopyFrom(numpy_helper.from_array(value, tensor.name))


def _scaled(factor: float) -> Callable[[onnx.ModelProto, Rng], str | None]:
    def make(model: onnx.ModelProto, rng: Rng) -> str | None:
        found = _weights(model)
        if not found:
            return None
        _change(found[rng.integers(len(found))], lambda array: array * factor)
        return f"weights x{factor:g}"

    return make


def _scalar(model: onnx.ModelProto, rng: Rng) -> str | None:
    """Scale a constant such as a mask or an attention scale."""
    found = _weights(model, scalars=True)
    if not found:
        return None
    _change(found[rng.integers(len(found))], lambda array: array * 0.1)
    return "constant x0.1"


def _shifted_pads(model: onnx.ModelProto, rng: Rng) -> str | None:
    """Move the padding of a convolution or pooling by one."""
    found = [one for node in model.graph.node for one in node.attribute if one.name == "pads" and any(one.ints)]
    if not found:
        return None
    pads = found[rng.integers(len(found))].ints
    half = len(pads) // 2
    pads[0], pads[half] = pads[0] + 1, pads[half] - 1
    return "padding moved by one"


def _epsilon(model: onnx.ModelProto, rng: Rng) -> str | None:
    """Give a normalisation another epsilon."""
    found = [node for node in model.graph.node if "Normalization" in node.op_type]
    if not found:
        return None
    node = found[rng.integers(len(found))]
    kept = [one for one in node.attribute if one.name != "epsilon"]
    del node.attribute[:]
    node.attribute.extend([*kept, helper.make_attribute("epsilon", float(rng.choice([1e-3, 1e-2])))])
    return "another epsilon"


def _activation(model: onnx.ModelProto, rng: Rng) -> str | None:
    """Exchange an activation."""
    other = {"Relu": "Softplus", "Tanh": "Erf", "Sigmoid": "HardSigmoid"}
    found = [node for node in model.graph.node if node.op_type in other]
    if not found:
        return None
    node = found[rng.integers(len(found))]
    node.op_type = other[node.op_type]
    return "another activation"


def _output(kind: str) -> Callable[[onnx.ModelProto, Rng], str | None]:
    """Permute or blank entries along the last axis of an output."""

    def make(model: onnx.ModelProto, rng: Rng) -> str | None:
        value = model.graph.output[rng.integers(len(model.graph.output))]
        size = value.type.tensor_type.shape.dim[-1].dim_value
        if size < 2:
            return None
        name = f"{value.name}_before"
        for node in model.graph.node:
            for place, one in enumerate(node.output):
                if one == value.name:
                    node.output[place] = name
            for place, one in enumerate(node.input):
                if one == value.name:
                    node.input[place] = name
        if kind == "zeroed":
            factor = np.ones(size, np.float32)
            factor[rng.integers(size)] = 0
            model.graph.initializer.append(numpy_helper.from_array(factor, f"{name}_factor"))
            model.graph.node.append(helper.make_node("Mul", [name, f"{name}_factor"], [value.name]))
        else:
            order = np.roll(np.arange(size), rng.integers(1, size))
            model.graph.initializer.append(numpy_helper.from_array(order, f"{name}_order"))
            model.graph.node.append(helper.make_node("Gather", [name, f"{name}_order"], [value.name], axis=-1))
        return f"output {kind}"

    return make


def _lifted(model: onnx.ModelProto, rng: Rng) -> str | None:
    """Add an epsilon to all weights of a tensor."""
    found = _weights(model)
    if not found:
        return None
    tensor = found[rng.integers(len(found))]
    epsilon = float(rng.choice([1e-3, 1e-2]))
    _change(tensor, lambda array: array + epsilon * np.abs(array).max())
    return "weights + epsilon"


def _one_weight(model: onnx.ModelProto, rng: Rng) -> str | None:
    """Move a single weight by a hundredth of the largest."""
    found = _weights(model)
    if not found:
        return None
    tensor = found[rng.integers(len(found))]

    def change(array: np.ndarray) -> np.ndarray:
        array.reshape(-1)[rng.integers(array.size)] += 0.01 * np.abs(array).max()
        return array

    _change(tensor, change)
    return "one weight"


MAKERS = (
    _one_weight,
    _scaled(1.01),
    _scaled(1.1),
    _shifted_pads,
    _output("permuted"),
    _epsilon,
    _output("zeroed"),
    _activation,
    _scalar,
    _lifted,
)
