"""A model in host memory, and a batch on a device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import torch
    from torch import nn

    from infer_compare.backends import TensorSpec
    from infer_compare.backends.native_models import Binding


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A module in host memory. Putting it on a device takes it over."""

    module: nn.Module
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    attentions: int = 0
    """The number of attentions that the importer replaced by torch's function."""
    binding: Binding | None = None
    """How the inputs are passed; None for positional arguments in order."""


class Slot:
    """A batch on the device, and what the last run made of it."""

    __slots__ = ("arguments", "graph", "inputs", "keywords", "outputs")

    def __init__(self) -> None:
        """Start empty."""
        self.inputs: Sequence[torch.Tensor] = ()
        self.arguments: Sequence[Any] = ()
        self.keywords: Mapping[str, Any] = {}
        self.outputs: Any = None
        self.graph: torch.cuda.CUDAGraph | None = None
        """The CUDA graph of the run on these inputs, with the option `cudagraphs`."""
