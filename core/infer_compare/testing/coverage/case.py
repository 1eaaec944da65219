"""A coverage case: a model, inputs, and the correct outputs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnx

Kind = Literal["node", "model"]
"""A node test of the `onnx` package, or a built-in model."""

NUMBERS = frozenset(
    {"bool", "float16", "float32", "float64"} | {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
)
"""The dtypes of numeric cases."""


@dataclass(frozen=True, slots=True)
class Case:
    """A model of one or a few nodes, or a built-in model, with inputs and the expected outputs."""

    name: str
    about: str
    """The operator of a node test, or the name of a model."""
    kind: Kind
    model: onnx.ModelProto
    inputs: Sequence[Any]
    """Arrays, numbers, ONNX tensors, or lists and dictionaries of them."""
    outputs: Sequence[Any]
    """Like the inputs; for a model empty until a backend has computed them."""
    rtol: float = 0.0
    atol: float = 0.0
    """Tolerances of a node test. Models are compared by the rule of a run, at the tolerance of the precision."""

    @property
    def opset(self) -> int:
        """The version of ONNX's standard operators."""
        return max((entry.version for entry in self.model.opset_import if entry.domain in {"", "ai.onnx"}), default=0)

    @property
    def numeric(self) -> bool:
        """Whether every input and output is a tensor of numbers or truth values."""
        import numpy as np

        return all(
            isinstance(value, (np.ndarray, np.generic)) and value.dtype.name in NUMBERS
            for value in (*self.inputs, *self.outputs)
        )

    def with_constants(self) -> Case:
        """Return the case with all inputs but the first as constants of the model."""
        import numpy as np
        from onnx import ModelProto, numpy_helper

        model = ModelProto()
        model.CopyFrom(self.model)
        for given, value in zip(list(model.graph.input)[1:], self.inputs[1:], strict=True):
            model.graph.input.remove(given)
            model.graph.initializer.append(numpy_helper.from_array(np.asarray(value), given.name))
        return replace(self, model=model, inputs=self.inputs[:1])
