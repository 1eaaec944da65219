"""The route by which a model reaches a contender."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infer_compare.stats.wording import listing
from infer_compare.worker.protocol import Inputs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from infer_compare.interfaces import ModelSource
    from infer_compare.plugins import ConverterEntry
    from infer_compare.preparation.contenders import Contender


@dataclass(frozen=True, slots=True)
class Wiring:
    """How the run's inputs and outputs map to those of a contender's model; empty fields mean that they are the same."""

    inputs: tuple[int, ...] = ()
    """For each input of the model, the index of the run's input."""
    axes: tuple[tuple[int, ...], ...] = ()
    """For each input of the model, the permutation of the axes of the run's rows; empty if they stay."""
    shared: tuple[bool, ...] = ()
    """For each input of the model, whether it has no batch axis; empty if all have one."""
    outputs: tuple[int, ...] = ()
    """For each output of the run, the index of the model's output."""

    def mapping(
        self,
        paths: Sequence[Path],
        dtypes: Sequence[str],
        free: Sequence[tuple[tuple[int, str], ...]] = (),
        dataset: Sequence[Path] = (),
    ) -> Inputs:
        """Return the request that makes a worker of the contender map rows of the run's inputs.

        Args:
            paths: one file per input of the run.
            dtypes: of each input.
            free: for each input, the axes of a row whose size varies between operating points; empty if none do.
            dataset: one file per input with all rows of a data set, if passes over it are timed.
        """
        order = self.inputs or range(len(paths))
        return Inputs(
            paths=tuple(str(paths[place]) for place in order),
            axes=self.axes,
            shared=self.shared,
            dtypes=tuple(dtypes[place] for place in order),
            free=tuple(free[place] for place in order) if any(free) else (),
            dataset=tuple(str(dataset[place]) for place in order) if dataset else (),
        )


@dataclass(frozen=True, slots=True)
class Route:
    """A contender with the model as its backend gets it."""

    contender: Contender
    model: ModelSource
    chain: tuple[str, ...]
    """The steps by which the model reaches the backend, in words."""
    cost: float = 0.0
    """Of the conversions: 1 for each and for an import, unless a converter declares another cost."""
    wiring: Wiring = Wiring()
    """How the run's inputs and outputs map to those of the model."""
    converters: tuple[ConverterEntry, ...] = ()
    """The converters that are applied to the model, in order."""
    variant: bool = False
    """Whether the backend makes, or would make, a variant of the model for the contender's precision."""

    @property
    def importer(self) -> str:
        """The third-party plugins that rebuild the model, listed as a text; empty if there are none."""
        backend = self.contender.entry
        origins = [entry.origin for entry in self.converters if entry.converter.imports]
        if self.model.provenance == "imported" and self.model.format in backend.capabilities.imports:
            origins.append(backend.origin)
        return listing([origin.third_party for origin in origins if origin.third_party])

    @property
    def label(self) -> str:
        """The contender's label."""
        return self.contender.label
