"""Finds the axes that are measured at several sizes in the inputs of a model."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from infer_compare.errors import InputError
from infer_compare.models.fills import SHORT
from infer_compare.models.input_plan import shape_text
from infer_compare.models.remedies import HOW_TO_FREE
from infer_compare.models.specs import BATCH, unnamed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infer_compare.interfaces import TensorSpec
    from infer_compare.request.axes import Axis


class FreeAxes:
    """The positions of the requested axes in a model's inputs."""

    def __init__(
        self, specs: Sequence[TensorSpec], shapes: Sequence[tuple[int | str, ...]], axes: Sequence[Axis]
    ) -> None:
        """Find every axis.

        Args:
            specs: the model's inputs, with the batch axis called `batch`.
            shapes: the shapes given by the user, which may name an axis that the file names differently or not at all.
            axes: the requested axes.

        Raises:
            InputError: an axis is fixed in the model, or no input has it.
        """
        self._specs = specs
        self._aliases = {
            own: said
            for spec, shape in zip(specs, shapes, strict=True)
            for place, (own, said) in enumerate(zip(spec.shape, shape, strict=True))
            if isinstance(own, str) and isinstance(said, str) and own not in {said, BATCH, unnamed(place)}
        }
        self._shapes = shapes
        asked = {axis.name: axis for axis in axes}
        self._places = {
            index: {
                place: asked[name] for place in range(len(spec.shape)) if (name := self._name(index, place)) in asked
            }
            for index, spec in enumerate(specs)
        }
        there = {axis.name for own in self._places.values() for axis in own.values()}
        for axis in axes:
            if axis.name not in there:
                raise InputError(self._absent(axis.name))

    def of(self, index: int) -> Mapping[int, Axis]:
        """Return the requested axes of an input, by their index in its shape."""
        return self._places[index]

    def _name(self, index: int, place: int) -> str | None:
        """Return the name of a free axis, as given by the user, else by the file; None for fixed axes and the batch."""
        own, said = self._specs[index].shape[place], self._shapes[index][place]
        if not isinstance(own, str) or BATCH in {own, said}:
            return None
        return said if isinstance(said, str) and said != own else self._aliases.get(own, own)

    def _absent(self, name: str) -> str:
        names = {
            called: None
            for index, spec in enumerate(self._specs)
            for place in range(len(spec.shape))
            if (called := self._name(index, place)) is not None
        }
        if not names:
            fixed = "; ".join(
                f"{spec.name}[{','.join(map(str, spec.shape))}]" for spec in self._specs if len(spec.shape) > 1
            )
            has = f"it takes {fixed}" if fixed else "its inputs have none"
            return f"--axis {name}: the model has no free axis besides the batch ({has}); {HOW_TO_FREE}."
        close = difflib.get_close_matches(name, names, n=1)
        guess = f" Did you mean {close[0]!r}?" if close else ""
        return (
            f"--axis {name}: no input has a free axis of that name.{guess} The free ones are {', '.join(names)}; "
            f"rename one as in {self._renamed(next(iter(names)), name)}."
        )

    def _renamed(self, own: str, name: str) -> str:
        """Return an `--input` value that renames an axis."""
        index, spec = next(
            (index, spec)
            for index, spec in enumerate(self._specs)
            if own in {self._name(index, place) for place in range(len(spec.shape))}
        )
        shape = [name if self._name(index, place) == own else size for place, size in enumerate(self._shapes[index])]
        return f"--input '{spec.name}:{SHORT.get(spec.dtype, spec.dtype)}{shape_text(shape)}'"
