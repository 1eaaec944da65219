"""How the model of a run reaches one contender."""

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
    """How the run's inputs and outputs are those of one contender's own model; empty where they are the same."""

    inputs: tuple[int, ...] = ()
    """For each of its inputs, the place of the run's input."""
    axes: tuple[tuple[int, ...], ...] = ()
    """For each of its inputs, the axes of the run's rows in the order in which it takes them; empty as they are."""
    shared: tuple[bool, ...] = ()
    """For each of its inputs, whether it has no batch axis; empty where all have one."""
    outputs: tuple[int, ...] = ()
    """For each of the run's outputs, the place of its own."""

    def mapping(
        self,
        paths: Sequence[Path],
        dtypes: Sequence[str],
        free: Sequence[tuple[tuple[int, str], ...]] = (),
        dataset: Sequence[Path] = (),
    ) -> Inputs:
        """Return the request by which a worker of the contender maps rows of the run's inputs.

        Args:
            paths: one file per input of the run.
            dtypes: what each holds.
            free: for each the axes of a row whose size changes from point to point; none where empty.
            dataset: one file per input with all rows of a data set, where passes over it are timed.
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
    """How the model reaches the backend, in words."""
    cost: float = 0.0
    """Of that way: 1 for each conversion and for an import, unless a converter says otherwise."""
    wiring: Wiring = Wiring()
    """Which of the run's inputs each of its own is, and in which layout."""
    converters: tuple[ConverterEntry, ...] = ()
    """What converts the model on that way."""
    variant: bool = False
    """Whether the model is, or is going to be, one that the backend makes for the contender's precision."""

    @property
    def importer(self) -> str:
        """The third parties' plugins that rebuild the model; empty where infer-compare does, or nobody."""
        backend = self.contender.entry
        origins = [entry.origin for entry in self.converters if entry.converter.imports]
        if self.model.provenance == "imported" and self.model.format in backend.capabilities.imports:
            origins.append(backend.origin)
        return listing([origin.third_party for origin in origins if origin.third_party])

    @property
    def label(self) -> str:
        """The contender's label."""
        return self.contender.label
