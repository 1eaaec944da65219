"""The capacity document: everything that `infer-compare capacity` shows, and the version of its schema.

A figure is in the unit that its name ends in; rates are requests a second. What is not known is null; NaN and infinity never
appear.
"""

from __future__ import annotations

from infer_compare.capacity.values import Capacity
from infer_compare.report.schema import Axes, Excluded, Price
from infer_compare.report.schema.part import Part
from infer_compare.results import ModelInfo

CAPACITY_SCHEMA = "infer-compare/capacity"
CAPACITY_VERSION = (1, 0)
"""Major and minor: a field is removed or changes its meaning with a new major only."""


class Recording(Part, frozen=True, kw_only=True):
    """Arrivals that were read from a file; the document leaves out the moments themselves."""

    requests: int
    rate: float
    """At which they were recorded."""
    burstiness: float
    """Squared coefficient of variation of the times between them."""


class CapacityDocument(Part, frozen=True, kw_only=True):
    """What load the contenders of a run handle, in words and in figures."""

    schema: str = CAPACITY_SCHEMA
    version: tuple[int, int] = CAPACITY_VERSION
    headline: str
    """The answer in one sentence."""
    sentences: tuple[str, ...]
    """What the headline rests on."""
    run_id: str
    created: str
    """UTC, ISO 8601; of the run."""
    model: ModelInfo
    machine: str
    """Its processor and cores."""
    axes: Axes
    """The setting of the axes other than the batch that is answered for."""
    backends: dict[str, str]
    """By label of a contender."""
    recording: Recording | None = None
    price: Price | None = None
    capacity: Capacity
    excluded: tuple[Excluded, ...]
    """Contenders of the run that are not ranked."""
    cautions: tuple[str, ...]
    """What limits the answer, one sentence each."""
