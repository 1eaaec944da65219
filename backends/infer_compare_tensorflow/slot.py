"""A staged batch of a model of TensorFlow."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import tensorflow as tf

Shapes = tuple[tuple[int, ...], ...]


class Slot:
    """A staged batch: its inputs on the device, and after `run` its outputs."""

    __slots__ = ("arguments", "call", "outputs", "shapes")

    def __init__(self, arguments: list[tf.Tensor], shapes: Shapes, call: Callable[..., Sequence[tf.Tensor]]) -> None:
        """Take the staged inputs, their shapes, and what runs them."""
        self.arguments = arguments
        self.shapes = shapes
        self.call = call
        self.outputs: Sequence[tf.Tensor] = ()
