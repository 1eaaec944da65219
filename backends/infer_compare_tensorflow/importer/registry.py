"""The table of operators that the importer renders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from infer_compare.backends.onnx_graphs import OpRegistry

Function = Callable[..., Any]
"""The type of a function that takes a node and its inputs, and returns its output or a list of them."""


@dataclass(frozen=True, slots=True)
class Operator:
    """The rule that renders one operator.

    The function takes the node and its inputs, None for those left out, and returns the output, or a list of
    outputs. A type that it does not take is turned into a tensor first.
    """

    function: Function
    layouts: bool = False
    """Whether the function takes `ChannelsLast` values as they are."""
    dims: bool = False
    """Whether the function takes `Dims` values as they are."""
    scoped: bool = False
    """Whether the function takes all values by name after the node, for its subgraphs."""


OPERATORS: OpRegistry[Operator] = OpRegistry("TensorFlow")


def operator(
    op_type: str, *since: int, layouts: bool = False, dims: bool = False, scoped: bool = False
) -> Callable[[Function], Function]:
    """Register the decorated function for the schema versions of an operator; see `Operator`."""

    def decorator(function: Function) -> Function:
        OPERATORS.register(op_type, *since)(Operator(function, layouts, dims, scoped))
        return function

    return decorator
