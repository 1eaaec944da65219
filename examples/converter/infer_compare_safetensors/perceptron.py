"""A perceptron as an ONNX graph: linear layers, with an activation between them."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

from infer_compare.backends import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import onnx
    from numpy.typing import NDArray

    from infer_compare_safetensors.reading import Contents

OPSET = 20
IR_VERSION = 9
ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid"}
"""The values of `activation` in the file's metadata, and their ONNX operators."""


class Layer(NamedTuple):
    """`y = x @ weight.T + bias`, both in float32."""

    weight: NDArray[Any]
    """[outputs, inputs], as `torch.nn.Linear` has it."""
    bias: NDArray[Any]
    """[outputs]."""


def layers(contents: Contents, path: Path) -> list[Layer]:
    """Return the layers in the order of the numbers in their names, as the state of a `torch.nn.Sequential` has them.

    Raises:
        ModelError: these are not the tensors of a perceptron.
    """
    left = dict(contents.tensors)
    made = []
    for name in sorted((name for name in left if name.endswith("weight")), key=_numbers):
        weight = left.pop(name).astype(np.float32)
        bias = left.pop(name.removesuffix("weight") + "bias", np.zeros(len(weight)))
        if weight.ndim != 2 or bias.shape != (len(weight),):
            raise ModelError(f"{name!r} of {path} is no linear layer: weights {weight.shape}, bias {bias.shape}.")
        made.append(Layer(weight, bias.astype(np.float32)))
    if left or not made:
        raise ModelError(f"{path} holds no perceptron: {', '.join(sorted(left)) or 'nothing'} is no part of one.")
    for one, after in pairwise(made):
        if len(one.weight) != after.weight.shape[1]:
            raise ModelError(
                f"The layers of {path} do not follow one another: {len(one.weight)} outputs meet "
                f"{after.weight.shape[1]} inputs."
            )
    return made


def _numbers(name: str) -> list[int | str]:
    """Return a key that puts `10.weight` behind `9.weight`."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


def graph(made: Sequence[Layer], activation: str, path: Path) -> onnx.ModelProto:
    """Return an ONNX model with a free batch axis.

    Args:
        made: the layers, from the first to the last.
        activation: what stands between them.
        path: of the file, to be named in errors.

    Raises:
        ModelError: the activation is not known.
    """
    if activation not in ACTIVATIONS:
        raise ModelError(f"{path} names the activation {activation!r}; known are {', '.join(ACTIVATIONS)}.")
    nodes, constants, value = [], [], "features"
    for index, layer in enumerate(made):
        last = index == len(made) - 1
        constants += [numpy_helper.from_array(array, f"{name}_{index}") for name, array in layer._asdict().items()]
        product = "scores" if last else f"linear_{index}"
        nodes.append(helper.make_node("Gemm", [value, f"weight_{index}", f"bias_{index}"], [product], transB=1))
        value = product if last else f"active_{index}"
        if not last:
            nodes.append(helper.make_node(ACTIVATIONS[activation], [product], [value]))
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", size])
        for name, size in (("features", made[0].weight.shape[1]), ("scores", len(made[-1].weight)))
    ]
    whole = helper.make_graph(nodes, "perceptron", ends[:1], ends[1:], constants)
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    checker.check_model(model)
    return model
