"""The module under construction: handlers tell it which calls to make, and it makes them or writes them down."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import fx, nn

from infer_compare_torch.importer.constants import Constants
from infer_compare_torch.importer.names import Names, identifier
from infer_compare_torch.importer.transfer import make_scalar, make_vector, read_item, read_list
from infer_compare_torch.importer.values import HostValue, Ints, Scalar, Tensorial, TensorValue, Value, shape_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infer_compare.backends.onnx_graphs import Graph
    from infer_compare_torch.importer.inference import Inferred


Walk = Callable[["Builder", "Graph", dict[str, Value]], Sequence[Value]]


class Builder:
    """Builds a `torch.fx.GraphModule`.

    `emit` is the only way to a tensor operation: a call whose arguments are all known is made at once, and
    its result is a constant; any other becomes a call in the module's `forward`.
    """

    def __init__(self, walk: Walk) -> None:
        """Start an empty module.

        Args:
            walk: writes the nodes of a graph into a builder, given the values of its inputs by name, and gives
                the values of its outputs; for the graphs inside of nodes.
        """
        self.walk = walk
        self.scope: Mapping[str, Value] = {}
        """The values known so far, by their names in the graph that is being walked."""
        self.uses: Mapping[str, int] = {}
        """How often each name is used in that graph."""
        self.root = nn.Module()
        self.graph = fx.Graph()
        self._names = Names(self.root)
        self.constants = Constants(self.root, self.graph, self._names)
        self._inputs: list[fx.Node] = []
        self._device: fx.Node | None = None
        self._sizes: dict[tuple[fx.Node, int], fx.Node] = {}

    def input(
        self, name: str, dtype: torch.dtype | None = None, shape: tuple[int | None, ...] | None = None
    ) -> TensorValue:
        """Return the next input of the module."""
        node = self.graph.placeholder(self._names.unique(name))
        self._inputs.append(node)
        return TensorValue(node, dtype, shape)

    def emit(self, call: Callable[..., Any] | str, *arguments: object, **named: object) -> Tensorial:
        """Make a call now if all arguments are known; otherwise make it part of the module.

        Args:
            call: a function, or the name of a method of the first argument.
            arguments: values, Python numbers, nodes, and sequences of them.
            named: as `arguments`.

        Returns:
            The tensor if every argument is known, else the value that stands for it.
        """
        if _is_symbolic(arguments) or _is_symbolic(named):
            lowered = self._lower(arguments)
            keywords = {key: self._lower(value) for key, value in named.items()}
            if isinstance(call, str):
                return TensorValue(self.graph.call_method(call, lowered, keywords))
            return TensorValue(self.graph.call_function(call, lowered, keywords))
        if isinstance(call, str):
            call = cast("Callable[..., Any]", getattr(torch.Tensor, call))
        result: torch.Tensor = call(*arguments, **named)
        return result

    def several(self, count: int, call: Callable[..., Any], *arguments: object) -> tuple[Tensorial, ...]:
        """Emit a call that returns several tensors, and return the first `count` of them."""
        if not _is_symbolic(arguments):
            return tuple(call(*arguments)[:count])
        node = self.graph.call_function(call, self._lower(arguments))
        return self._parts(node, count)

    def _parts(self, node: fx.Node, count: int) -> tuple[TensorValue, ...]:
        return tuple(TensorValue(self.graph.call_function(operator.getitem, (node, index))) for index in range(count))

    def scalar(self, call: Callable[..., Any], *arguments: object) -> Scalar:
        """Emit a call that takes and returns Python numbers."""
        if _is_symbolic(arguments):
            return self.graph.call_function(call, self._lower(arguments))
        result: Scalar = call(*arguments)
        return result

    def module(self, count: int, name: str, module: nn.Module, *arguments: object) -> tuple[Tensorial, ...]:
        """Add a module under a similar name, call it, and return its first `count` results."""
        target = self._names.unique(name)
        self.root.add_module(target, module)
        node = self.graph.call_module(target, self._lower(arguments))
        return self._parts(node, count)

    def tensor(self, value: Value) -> Tensorial:
        """Return the value as a tensor: Python numbers are put into one on the device."""
        if not isinstance(value, HostValue):
            return value
        maker: Any = make_scalar if value.scalar else make_vector
        items = value.items[0] if value.scalar else value.items
        made = self.emit(maker, items, value.dtype, self.device)
        return replace(made, dtype=value.dtype, shape=shape_of(value)) if isinstance(made, TensorValue) else made

    def operand(self, value: Value) -> Value | Scalar:
        """Return the value as an operand of an elementwise call: rank 0 as a Python number wherever that is free."""
        if isinstance(value, HostValue):
            return value.items[0] if value.scalar else self.tensor(value)
        if isinstance(value, torch.Tensor) and value.dim() == 0 and not value.is_complex():
            number: Scalar = value.item()
            return number
        return value

    def ints(self, value: Value) -> Ints:
        """Return the integers in a value of rank 0 or 1; read from the device in each run if nothing else helps."""
        match value:
            case torch.Tensor():
                return [int(number) for number in value.reshape(-1).tolist()]
            case HostValue():
                return list(value.items)
            case TensorValue():
                return self.graph.call_function(read_list, (value.node,))

    def numbers(self, value: Value, count: int) -> list[Scalar]:
        """Return the numbers in a vector of known length, element by element."""
        match value:
            case torch.Tensor():
                return list(value.reshape(-1).tolist())
            case HostValue():
                return list(value.items)
            case TensorValue():
                whole = self.graph.call_function(read_list, (value.node,))
                return [self.graph.call_function(operator.getitem, (whole, index)) for index in range(count)]

    def number(self, value: Value) -> Scalar:
        """Return the one number in a value."""
        match value:
            case torch.Tensor():
                number: Scalar = value.item()
                return number
            case HostValue():
                return value.items[0]
            case TensorValue():
                return self.graph.call_function(read_item, (value.node,))

    def size(self, value: Value, axis: int) -> Scalar:
        """Return the size of an axis: a number where it is fixed, else the node that reads it off the tensor."""
        shape = shape_of(value)
        if shape is not None:
            known = shape[axis]
            if known is not None:
                return known
        assert isinstance(value, TensorValue)
        key = (value.node, axis)
        if key not in self._sizes:
            self._sizes[key] = self.graph.call_method("size", key)
        return self._sizes[key]

    @property
    def device(self) -> fx.Node | torch.device:
        """The device that the module runs on: that of its first input."""
        if not self._inputs:
            return torch.device("cpu")
        if self._device is None:
            with self.graph.inserting_after(self._inputs[-1]):
                self._device = self.graph.call_function(getattr, (self._inputs[0], "device"))
        return self._device

    def annotate(self, value: Value, inferred: Inferred | None) -> Value:
        """Return the value with what shape inference knows of it besides."""
        if not isinstance(value, TensorValue) or inferred is None:
            return value
        shape = value.shape
        if inferred.shape is not None:
            if shape is None or len(shape) != len(inferred.shape):
                shape = inferred.shape
            else:
                shape = tuple(
                    known if known is not None else told for known, told in zip(shape, inferred.shape, strict=True)
                )
        return replace(value, dtype=value.dtype or inferred.dtype, shape=shape)

    def finish(self, outputs: Sequence[Value], name: str, *, several: bool) -> fx.GraphModule:
        """Return the module. It returns a tensor, or a tuple of tensors if there are, or may be, several outputs."""
        results = tuple(self._lower(self.tensor(value)) for value in outputs)
        self.graph.output(results if several else results[0])
        whole = fx.GraphModule(self.root, self.graph)
        whole.graph.eliminate_dead_code()
        whole.graph.lint()
        # Made again, the module leaves behind what only dead calls used.
        return fx.GraphModule(whole, whole.graph, class_name=identifier(name) or "Imported").eval()

    def _lower(self, argument: object) -> Any:  # noqa: ANN401 - the tree of a call's arguments
        match argument:
            case TensorValue():
                return argument.node
            case torch.Tensor():
                return self.constants.node(argument)
            case HostValue():
                return self._lower(self.tensor(argument))
            case tuple():
                return tuple(self._lower(part) for part in argument)
            case list():
                return [self._lower(part) for part in argument]
            case slice():
                return slice(self._lower(argument.start), self._lower(argument.stop), self._lower(argument.step))
            case _:
                return argument


def _is_symbolic(argument: object) -> bool:
    match argument:
        case TensorValue() | HostValue() | fx.Node():
            return True
        case tuple() | list():
            return any(_is_symbolic(part) for part in argument)
        case dict():
            return any(_is_symbolic(part) for part in argument.values())
        case slice():
            return any(_is_symbolic(part) for part in (argument.start, argument.stop, argument.step))
        case _:
            return False
