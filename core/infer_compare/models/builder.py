"""Builds ONNX graphs node by node, with weights drawn from a seed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from infer_compare.models.fills import METADATA_KEY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

OPSET = 20
"""The opset that `torch.onnx.export` writes, so that importers meet the same operators as in exported models."""
IR_VERSION = 9


class GraphBuilder:
    """A graph under construction; every method that adds a value returns its name."""

    def __init__(self, name: str, seed: int) -> None:
        """Start an empty graph; all weights come from `numpy.random.default_rng(seed)`, in order."""
        self.name = name
        self.rng = np.random.default_rng(seed)
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: dict[str, onnx.TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._metadata: dict[str, str] = {}
        self._count = 0

    def input(self, name: str, dtype: str, sample: Sequence[int | str], fill: str | None = None) -> str:
        """Add an input of shape `[batch, *sample]`, with names for free axes, and a fill such as `randint(0,1000)`."""
        self._inputs.append(_value(name, dtype, sample))
        if fill is not None:
            self._metadata[METADATA_KEY + name] = fill
        return name

    def output(self, value: str, name: str, sample: Sequence[int | str], dtype: str = "float32") -> None:
        """Make a value an output of shape `[batch, *sample]`, under another name."""
        self._nodes.append(helper.make_node("Identity", [value], [name], name=f"{name}_output"))
        self._outputs.append(_value(name, dtype, sample))

    def constant(self, array: NDArray[Any], name: str | None = None) -> str:
        """Add an initializer."""
        name = name or self._fresh("constant")
        self._initializers[name] = numpy_helper.from_array(np.asarray(array, order="C"), name)
        return name

    def scalar(self, value: float) -> str:
        """Return a float32 constant without axes."""
        return self.constant(np.array(value, np.float32))

    def ints(self, *values: int) -> str:
        """Return a vector of int64, such as a shape or axes."""
        return self.constant(np.array(values, np.int64))

    def normal(self, shape: Sequence[int], std: float) -> str:
        """Return weights from a normal distribution around zero."""
        return self.constant(self.rng.standard_normal(tuple(shape), np.float32) * np.float32(std))

    def weights(self, shape: Sequence[int], fan_in: Sequence[int], gain: float) -> str:
        """Return weights that are centred over the axes `fan_in` and scale the deviation of their input by `gain`.

        Values after a ReLU have a nonzero mean. Weights that sum to zero cancel it; otherwise it would grow from layer to
        layer until the outputs hardly depend on the inputs (Brock et al., arXiv 2101.08692).
        """
        draws = self.rng.standard_normal(tuple(shape), np.float32)
        draws -= draws.mean(axis=tuple(fan_in), keepdims=True)
        count = math.prod(shape[axis] for axis in fan_in)
        return self.constant(draws * np.float32(gain / math.sqrt(count)))

    def node(self, op_type: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401 - attributes are of many types
        """Add an operator call with one output."""
        return self.nodes(op_type, 1, *inputs, **attributes)[0]

    def nodes(self, op_type: str, outputs: int, *inputs: str, **attributes: Any) -> list[str]:  # noqa: ANN401 - as above
        """Add an operator call with several outputs."""
        name = self._fresh(op_type)
        names = [name] if outputs == 1 else [f"{name}_{index}" for index in range(outputs)]
        self._nodes.append(helper.make_node(op_type, list(inputs), names, name=name, **attributes))
        return names

    def build(self) -> onnx.ModelProto:
        """Return the finished model, checked."""
        graph = helper.make_graph(
            self._nodes, self.name, self._inputs, self._outputs, list(self._initializers.values())
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="infer-compare",
        )
        helper.set_model_props(model, self._metadata)
        onnx.checker.check_model(model)
        return model

    def _fresh(self, stem: str) -> str:
        self._count += 1
        return f"{stem.lower()}_{self._count}"


def _value(name: str, dtype: str, sample: Sequence[int | str]) -> onnx.ValueInfoProto:
    element = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return helper.make_tensor_value_info(name, element, ["batch", *sample])
