"""What a search for the fastest configuration found, beside the ranking."""

from __future__ import annotations

from infer_compare.report.schema.part import Part
from infer_compare.results import DropReason, OperatingPoint
from infer_compare.verdicts.pareto import Choice


class DroppedReport(Part, frozen=True, kw_only=True):
    """A contender that was dropped."""

    contender: str
    restart: int
    """After which; 0 before the first."""
    reason: DropReason
    sentence: str
    """A clause without the contender's name."""


class RecipeReport(Part, frozen=True, kw_only=True):
    """How to use the configuration that won."""

    contender: str
    point: OperatingPoint
    typed: str
    """The contender as it would be typed after `-b`."""
    code: str
    """Python code that runs it without a measurement; empty where its backend has none."""
    file: str
    """The model file that the code reads."""
    kept: bool
    """Whether that file lies in the run folder."""


class Tuning(Part, frozen=True, kw_only=True):
    """What a search for the fastest configuration found."""

    front: tuple[Choice, ...]
    """What no other choice beats in throughput, latency, output error and memory at once; the highest throughput first."""
    dropped: tuple[DroppedReport, ...]
    """In the order in which they were dropped."""
    recipe: RecipeReport | None = None
    """Of the winner; None where nothing won."""
