"""What a race leaves beside its figures: who was dropped and why, and how to use the winner."""

from __future__ import annotations

from typing import Literal

from infer_compare.interfaces.bounds import Count, Quantity
from infer_compare.interfaces.values import OperatingPoint
from infer_compare.results.record import Record

DropReason = Literal["slower", "untried", "latency", "error", "time"]
"""It cannot be the fastest; what it is a variant of is too far behind for it; it cannot keep the latency bound; its output error is too
large; there was no time left for it."""


class Dropped(Record, frozen=True, kw_only=True, tag="dropped"):
    """A contender that left a race, and why."""

    contender: str
    restart: Count
    """After which it left; 0 before the first."""
    reason: DropReason
    against: str = ""
    """The contender that it cannot win against."""
    at_most: Quantity | None = None
    """Its throughput at best, relative to the other one's: below 1."""
    error: Quantity | None = None
    """Its output error, where that is too large."""
    latency_ns: Quantity | None = None
    """Its latency at best, where that is above the bound."""


class Recipe(Record, frozen=True, kw_only=True, tag="recipe"):
    """How to use the configuration that won."""

    contender: str
    point: OperatingPoint
    typed: str
    """The contender as it would be typed after `-b`."""
    code: str = ""
    """Python code that runs it without a measurement; empty where its backend has none."""
    file: str = ""
    """The model file that the code reads."""
    kept: bool = False
    """Whether that file lies in the run folder; otherwise it is the user's own."""
