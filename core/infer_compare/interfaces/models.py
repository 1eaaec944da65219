"""Types that describe models to and by backends."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from infer_compare.interfaces.bounds import Count

if TYPE_CHECKING:
    from collections.abc import Sequence

Provenance = Literal["native", "exported", "imported"]
"""How a backend obtained its model.

`native`: the file is in the framework's own format. `exported`: the framework's vendor converted it.
`imported`: rebuilt from the graph with the framework's operators.
"""


class TensorSpec(msgspec.Struct, frozen=True):
    """Name, dtype and shape of an input or output."""

    name: str
    dtype: str
    """A numpy dtype name, such as `float32` or `int64`."""
    shape: tuple[int | str, ...]
    """Sizes; a free axis is a name, and the batch axis is called `batch`. An output axis whose size is only known after a call
    is a name as well, such as `unnamed(1)`; the number of axes must be known."""


class ModelSource(msgspec.Struct, frozen=True, kw_only=True):
    """A model as `Backend.load` gets it."""

    format: str
    """One of the names in `Capabilities.formats` or `Capabilities.imports`."""
    location: str
    """The path of a file or folder, or `file.py:callable`."""
    name: str
    """Its name in reports."""
    provenance: Provenance = "native"
    weights: str = ""
    """A file with the weights of a callable's model, saved when it was first called; empty if there is none."""
    inputs: tuple[TensorSpec, ...] = ()
    """The known inputs, with the batch axis called `batch`; empty if the file describes them."""
    trusted: bool = False
    """Whether the user trusts a file that may execute code when it is loaded."""

    @property
    def path(self) -> Path:
        """The location as a path."""
        return Path(self.location)


class VariantPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The variant of a model that `Backend.write_variant` will make."""

    text: str
    """Words that reports show after the format, such as `int8 (static)`."""
    rows: Count = 0
    """How many input rows its calibration needs; 0 for none."""


class ModelDescription(msgspec.Struct, frozen=True, kw_only=True):
    """The description of a model that only its framework can read, returned by `Backend.describe`."""

    source: ModelSource
    """The source that `load` and the converters get from now on; with another format and location if the model was saved first."""
    inputs: tuple[TensorSpec, ...]
    """In the order in which the model takes them, with free first axes called `batch`."""
    outputs: tuple[TensorSpec, ...] = ()
    """In the order in which the framework flattens them; empty if they are only known after a call."""
    files: tuple[str, ...] = ()
    """Files whose content is hashed as the model. Empty for the file itself and the files that its suffix implies beside it."""
    parameters: Count | None = None
    fills: dict[str, str] = {}
    """Default fills that the model states for some inputs, by name, such as `randint(0,30522)`."""


class ModelSpec:
    """A model together with descriptions of its inputs; callables may return it.

    ::

        def make():
            return ModelSpec(Encoder(), inputs=["ids:i64[batch,128]=randint(0,30522)"])
    """

    __slots__ = ("inputs", "model")

    def __init__(self, model: object, inputs: Sequence[str]) -> None:
        """Store the model and its inputs.

        Args:
            model: a model of the framework, such as an `nn.Module`, a `keras.Model` or a `tf.function`.
            inputs: one text per input, in the order in which the model takes them, in the form of `--input`:
                `name:dtype[batch,...]=fill`, where the fill is optional.
        """
        self.model = model
        self.inputs = tuple(inputs)
