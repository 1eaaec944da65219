"""The importer's operators, and how handlers register themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infer_compare.backends.onnx_graphs import Node, OpRegistry
from infer_compare_torch.importer.values import Value

if TYPE_CHECKING:
    from torch import Tensor

    from infer_compare_torch.importer.builder import Builder
    from infer_compare_torch.importer.values import TensorValue

Handler = Callable[..., Value | Sequence[Value]]
"""The type of a handler: takes the builder, the node and a value (or None) per input; returns a value per output."""


@dataclass(frozen=True, slots=True)
class Operator:
    """A handler and what it takes."""

    handler: Handler
    host: bool
    """Whether the handler takes `HostValue`s; otherwise they become tensors first."""

    def __call__(self, builder: Builder, node: Node, values: Sequence[Value | None]) -> Sequence[Value]:
        """Return the values of the node's outputs."""
        if not self.host:
            values = [None if value is None else builder.tensor(value) for value in values]
        results = self.handler(builder, node, *values)
        return results if isinstance(results, (tuple, list)) else (results,)


REGISTRY: OpRegistry[Operator] = OpRegistry("torch")


def operator(op_type: str, *since: int, host: bool = False) -> Callable[[Handler], Handler]:
    """Register the decorated handler for schema versions of an operator.

    Args:
        op_type: the operator's name in ONNX's own domain.
        since: the schema versions that the handler implements.
        host: whether the handler takes values that are Python numbers in the running module.
    """

    def decorator(handler: Handler) -> Handler:
        REGISTRY.register(op_type, *since)(Operator(handler, host))
        return handler

    return decorator


def simple(op_type: str, *since: int, call: Callable[..., Any]) -> None:
    """Register an operator that is one call of torch's on its inputs, without attributes."""

    def handler(builder: Builder, _: Node, *values: Tensor | TensorValue) -> Value:
        result: Value = builder.emit(call, *values)
        return result

    operator(op_type, *since)(handler)
