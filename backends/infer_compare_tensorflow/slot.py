"""A staged batch of a model of TensorFlow."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import tensorflow as tf

Shapes = tuple[tuple[int, ...], ...]


class Slot:
    """A staged batch: its inputs on the device, and after `run` its outputs."""

    __slots__ = ("arguments", "outputs", "shapes")

    def __init__(self, arguments: list[tf.Tensor], shapes: Shapes) -> None:
        """Takes the staged inputs and their shapes."""
        self.arguments = arguments
        self.shapes = shapes
        self.outputs: Sequence[tf.Tensor] = ()
