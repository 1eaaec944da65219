"""The target of a trace: operators may be rendered differently for it, but compute the same."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """The device and compiler that a graph is traced for."""

    constant_kernels: bool = False
    """Whether convolution kernels become constants whatever their size: oneDNN then reorders each kernel once."""
    xla: bool = False
    """Whether XLA compiles the graph; it knows fewer forms of some operators."""
    portable: bool = False
    """Whether other runtimes convert the graph, such as LiteRT; they know no pools with pads of their own."""


target: ContextVar[Target] = ContextVar("target")
"""The target of the trace that is under way."""
