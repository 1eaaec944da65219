"""Models as they cross the border between the core and a backend: what they are, and how they came there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from infer_compare.interfaces.bounds import Count

if TYPE_CHECKING:
    from collections.abc import Sequence

Provenance = Literal["native", "exported", "imported"]
"""How a backend came by its model.

`native`: the file is in the framework's own format. `exported`: the framework's vendor converted it.
`imported`: rebuilt from the graph with the framework's operators.
"""


class TensorSpec(msgspec.Struct, frozen=True):
    """Name, dtype and shape of an input or output."""

    name: str
    dtype: str
    """A numpy dtype name, such as `float32` or `int64`."""
    shape: tuple[int | str, ...]
    """Sizes; a free axis is a name, and the batch axis is called `batch`. An axis of an output whose size is only known from a run is
    a name as well, such as `unnamed(1)`; the number of axes must be known."""


class ModelSource(msgspec.Struct, frozen=True, kw_only=True):
    """A model as it is handed to `Backend.load`."""

    format: str
    """One of the names in `Capabilities.formats` or `Capabilities.imports`."""
    location: str
    """A path of a file or folder, or `file.py:callable`."""
    name: str
    """What reports call it."""
    provenance: Provenance = "native"
    weights: str = ""
    """A file with the weights of a model that a callable makes, saved when it was first called; empty without one."""
    inputs: tuple[TensorSpec, ...] = ()
    """What is known of the inputs, with the batch axis called `batch`; empty where the file says it."""
    trusted: bool = False
    """Whether the user trusts a file that may execute code when loaded."""

    @property
    def path(self) -> Path:
        """The location as a path."""
        return Path(self.location)


class VariantPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Which model `Backend.write_variant` is going to make of another."""

    text: str
    """What it is, in words that reports show after the format, such as `int8 (static)`."""
    rows: Count = 0
    """How many rows of input it is calibrated with; 0 where it needs none."""


class ModelDescription(msgspec.Struct, frozen=True, kw_only=True):
    """What a model is that only its framework can read, as `Backend.describe` found it."""

    source: ModelSource
    """What `load` and the converters get from now on; of another format and place where the model was saved first."""
    inputs: tuple[TensorSpec, ...]
    """In the order in which the model takes them, with free first axes called `batch`."""
    outputs: tuple[TensorSpec, ...] = ()
    """In the framework's own order of flattening; empty where only a run would tell."""
    files: tuple[str, ...] = ()
    """Files whose content is the model: what its hash is taken of. Empty for the file itself, with those that its ending
    names beside it."""
    parameters: Count | None = None
    fills: dict[str, str] = {}
    """How inputs are filled by default, by their names, as `randint(0,30522)`; for inputs of which the model says it."""


class ModelSpec:
    """What a callable may return: a model, and what it does not say of its inputs.

    ::

        def make():
            return ModelSpec(Encoder(), inputs=["ids:i64[batch,128]=randint(0,30522)"])
    """

    __slots__ = ("inputs", "model")

    def __init__(self, model: object, inputs: Sequence[str]) -> None:
        """Keeps both.

        Args:
            model: of the framework, such as an `nn.Module`, a `keras.Model` or a `tf.function`.
            inputs: one text per input, in the order in which the model takes them, in the form of `--input`:
                `name:dtype[batch,...]=fill`, of which the fill may be left out.
        """
        self.model = model
        self.inputs = tuple(inputs)
