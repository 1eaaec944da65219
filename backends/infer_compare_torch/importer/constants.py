"""The tensors that are known while a module is built: initializers, and what was computed from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import fx, nn

from infer_compare.backends.onnx_graphs import is_mapped
from infer_compare_torch.importer import dtypes
from infer_compare_torch.importer.weights import owned_copy

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from infer_compare_torch.importer.names import Names


class Constants:
    """The constants of a module under construction; it keeps those that a call needs as tensors."""

    def __init__(self, root: nn.Module, graph: fx.Graph, names: Names) -> None:
        """Start without constants."""
        self._root = root
        self._graph = graph
        self._names = names
        self._hints: dict[int, str] = {}
        self._mapped: dict[int, NDArray[Any]] = {}
        self._registered: dict[int, tuple[torch.Tensor, fx.Node]] = {}
        self._tensors: dict[fx.Node, torch.Tensor] = {}
        self._derived: dict[tuple[int, Callable[[torch.Tensor], torch.Tensor]], torch.Tensor] = {}

    def add(self, name: str, array: NDArray[Any]) -> torch.Tensor:
        """Return an initializer; the module keeps it under a name like its own if a call needs it as a tensor."""
        tensor = dtypes.tensor_from_numpy(array)
        self._hints[id(tensor)] = name
        if is_mapped(array):
            self._mapped[id(tensor)] = array
        return tensor

    def derived(self, tensor: torch.Tensor, call: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        """Return a constant made of another one; it is computed once."""
        key = (id(tensor), call)
        if key not in self._derived:
            self._derived[key] = call(tensor)
        return self._derived[key]

    def known(self, argument: object) -> torch.Tensor | None:
        """Return the constant behind a node, if it is one."""
        return self._tensors.get(argument) if isinstance(argument, fx.Node) else None

    def node(self, tensor: torch.Tensor) -> fx.Node:
        """Return the node that gives a constant. The tensor is kept with it: its `id` must not be reused."""
        known = self._registered.get(id(tensor))
        if known is None:
            target = self._names.unique(self._hints.get(id(tensor), "constant"))
            # Owned by torch's allocator: aligned as a native module's weights are, and free of the file's bytes.
            owned = owned_copy(tensor, self._mapped.get(id(tensor)))
            if owned.is_floating_point():
                self._root.register_parameter(target, nn.Parameter(owned, requires_grad=False))
            else:
                self._root.register_buffer(target, owned)
            known = (tensor, self._graph.get_attr(target))
            self._registered[id(tensor)] = known
            self._tensors[known[1]] = tensor
        return known[1]
