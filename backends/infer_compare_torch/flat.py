"""A module of any signature as one that takes and returns plain tensors, which every exporter takes."""

from __future__ import annotations

import inspect
from inspect import Parameter
from typing import TYPE_CHECKING

from torch import nn

from infer_compare_torch.structures import leaves, named_leaves

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from infer_compare.backends.native_models import Binding


class Flat(nn.Module):
    """A module that takes its tensors one after the other and returns a tuple of tensors."""

    def __init__(self, module: nn.Module, binding: Binding | None = None) -> None:
        """Wrap the module; its tensors are passed one after the other where no binding is given."""
        super().__init__()
        self.module = module
        self.binding = binding

    def called(self, tensors: Sequence[torch.Tensor]) -> object:
        """Return what the module returns."""
        if self.binding is None:
            return self.module(*tensors)
        arguments, keywords = self.binding.arguments(tensors)
        return self.module(*arguments, **keywords)

    def forward(self, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the tensors that the module returns, in torch's order of flattening."""
        return tuple(leaves(self.called(tensors)))


def named(module: nn.Module, binding: Binding, names: Sequence[str]) -> nn.Module:
    """Return a module that takes tensors one after the other under these names, and returns a dictionary of tensors.

    A `.pt2` file of it keeps the names of inputs and outputs, and needs no class of the module's to be read.
    """

    def forward(self: Flat, *tensors: torch.Tensor) -> dict[str, torch.Tensor]:
        return dict(named_leaves(self.called(tensors)))

    words = ["".join(character if character.isalnum() else "_" for character in name) for name in names]
    parameters = [Parameter(word, Parameter.POSITIONAL_OR_KEYWORD) for word in ("self", *words)]
    # The exporter names the inputs of its program after the signature.
    forward.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    made: nn.Module = type("Named", (Flat,), {"forward": forward})(module, binding)
    return made.eval()
