"""The results of a search for the fastest configuration, besides the ranking."""

from __future__ import annotations

from infer_compare.report.schema.part import Part
from infer_compare.results import DropReason, OperatingPoint
from infer_compare.verdicts.pareto import Choice


class DroppedReport(Part, frozen=True, kw_only=True):
    """A contender that was dropped from the search."""

    contender: str
    restart: int
    """The restart after which it was dropped; 0 before the first."""
    reason: DropReason
    sentence: str
    """A clause without the contender's name."""


class RecipeReport(Part, frozen=True, kw_only=True):
    """How to use the configuration that won."""

    contender: str
    point: OperatingPoint
    typed: str
    """The contender, as typed after `-b`."""
    code: str
    """Python code that runs it; empty if its backend provides none."""
    file: str
    """The model file that the code reads."""
    kept: bool
    """Whether that file is in the run folder."""


class Tuning(Part, frozen=True, kw_only=True):
    """The results of a search for the fastest configuration."""

    front: tuple[Choice, ...]
    """The Pareto front of throughput, latency, output error and memory, the highest throughput first."""
    dropped: tuple[DroppedReport, ...]
    """In the order in which they were dropped."""
    recipe: RecipeReport | None = None
    """The recipe of the winner; None without a winner."""
